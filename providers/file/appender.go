package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/evhub/evhub/providers"
)

// appender is the lane.Sink that appends lines to the file.
type appender struct {
	config Config
	logger *slog.Logger
	file   *os.File
	dirty  bool // written since the last sync
}

// Encode implements lane.Sink.
func (a *appender) Encode(dst []byte, m *providers.Message) ([]byte, error) {
	if i := bytes.IndexByte(m.Body, '\n'); i >= 0 {
		return dst, fmt.Errorf("byte %d of the body is a newline, and a file holds one event per line; use the format idem or cloudevents", i)
	}
	return append(append(dst, m.Body...), '\n'), nil
}

// Write implements lane.Sink.
func (a *appender) Write(lines []byte) (written int, err error) {
	if err := a.prepare(int64(len(lines))); err != nil {
		return 0, providers.Unsent(err)
	}
	n, err := a.file.Write(lines)
	a.dirty = a.dirty || n > 0
	if err == nil {
		return n, nil
	}
	whole := bytes.LastIndexByte(lines[:n], '\n') + 1
	if cutErr := a.cut(int64(n - whole)); cutErr != nil {
		return whole, errors.Join(err, cutErr)
	}
	return whole, providers.Unsent(err)
}

// prepare makes sure that the file stands at its path and has room for size more bytes.
func (a *appender) prepare(size int64) error {
	own, err := a.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(a.config.Path)
	switch {
	case errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(own, there):
		a.logger.Info("the file was moved away; opening it anew", "path", a.config.Path)
		return a.reopen()
	case err != nil:
		return err
	case a.config.MaxSize > 0 && own.Size() > 0 && own.Size()+size > int64(a.config.MaxSize):
		return a.rotate()
	}
	return nil
}

// cut takes the last size bytes, which are a torn line, off the file again.
func (a *appender) cut(size int64) error {
	if size == 0 {
		return nil
	}
	end, err := a.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("a torn line stays: %w", err)
	}
	info, err := a.file.Stat()
	if err != nil {
		return fmt.Errorf("a torn line stays: %w", err)
	}
	if info.Size() != end {
		return errors.New("a torn line stays, because another program has appended to the file")
	}
	if err := a.file.Truncate(end - size); err != nil {
		return fmt.Errorf("a torn line stays: %w", err)
	}
	return nil
}

// Sync implements lane.Sink.
func (a *appender) Sync() error {
	if a.config.Fsync != Always {
		return nil
	}
	return a.sync()
}

// Tick implements lane.Sink.
func (a *appender) Tick() error { return a.sync() }

func (a *appender) sync() error {
	if !a.dirty || a.config.Fsync == Never {
		return nil
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	a.dirty = false
	return nil
}

// Close implements lane.Sink.
func (a *appender) Close() error {
	if a.file == nil {
		return nil
	}
	err := errors.Join(a.sync(), a.file.Close())
	a.file = nil
	return err
}

// reopen goes over to the file that now belongs at the path.
func (a *appender) reopen() error {
	if err := a.Close(); err != nil {
		return err
	}
	return a.open()
}
