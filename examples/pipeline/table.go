package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/evhub/evhub/hub"
)

// table is a CSV file that is read from the first row to the last. Its position is kept in a file beside it.
type table struct {
	name    string
	file    *os.File
	rows    *csv.Reader
	columns []string
	row     int // rows read so far
}

func openTable(path string) (*table, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &table{name: strings.TrimSuffix(filepath.Base(path), ".csv"), file: file, rows: csv.NewReader(file)}
	if t.columns, err = t.rows.Read(); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: the names of the columns: %w", path, err)
	}
	return t, nil
}

func (t *table) close() { t.file.Close() }

// next returns the events of the next rows, at most n; none at the end. The ID of an event names its row, and is the
// same each time, so that receivers recognise what comes again.
func (t *table) next(n int) (events []hub.Event, err error) {
	for len(events) < n {
		row, err := t.rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.file.Name(), err)
		}
		t.row++
		body := make(map[string]string, len(row))
		for i, column := range t.columns {
			body[column] = row[i]
		}
		events = append(events, hub.Event{
			Profile: t.name + "-imported",
			Body:    body,
			Key:     body["customer"], // whose rows keep their order
			ID:      fmt.Sprintf("%s:%d", t.name, t.row),
		})
	}
	return events, nil
}

func (t *table) positionFile() string { return t.file.Name() + ".position" }

// skip goes to the kept position.
func (t *table) skip() error {
	text, err := os.ReadFile(t.positionFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	position, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("%s is damaged; remove it to start again: %w", t.positionFile(), err)
	}
	for t.row < position {
		rows, err := t.next(position - t.row)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fmt.Errorf("%s has only %d rows, and %s says %d", t.file.Name(), t.row, t.positionFile(), position)
		}
	}
	return nil
}

// keepPosition replaces the file in one step: whenever the program is killed, it has the old position or the new.
func (t *table) keepPosition() error {
	next := t.positionFile() + ".new"
	if err := os.WriteFile(next, []byte(strconv.Itoa(t.row)), 0o600); err != nil {
		return err
	}
	return os.Rename(next, t.positionFile())
}
