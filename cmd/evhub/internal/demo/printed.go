package demo

import (
	"bytes"
	"os"
	"sync"
)

// printed keeps what the console destination prints, one event in a line.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (p *printed) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(text)
}

func (p *printed) lines() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return lines(bytes.Clone(p.text.Bytes()))
}

// lines splits a text whose every line has an end.
func lines(text []byte) (all [][]byte) {
	for line := range bytes.Lines(text) {
		all = append(all, line)
	}
	return all
}

// fileLines returns the lines of the file destination; before the first event there are none.
func (s *show) fileLines() ([][]byte, error) {
	if s.fileRead != nil {
		return s.fileRead, nil
	}
	text, err := os.ReadFile(eventsPath(s.dir))
	if os.IsNotExist(err) {
		return nil, nil
	}
	return lines(text), err
}

// readFile keeps the lines, for the file is about to go.
func (s *show) readFile() (err error) {
	s.fileRead, err = s.fileLines()
	return err
}
