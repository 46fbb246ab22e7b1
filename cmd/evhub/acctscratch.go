package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// scratchPrefix begins the names of directories that hold plaintext.
const scratchPrefix = "evhub-acct-"

// scratch is a directory for plaintext while it is edited, on a file system in memory. Editors put their own files into
// it too: they write a new one and rename it, or keep a copy.
type scratch struct {
	dir  string
	file string   // the plaintext
	lock *os.File // held while the directory is in use; nil where there are no such locks
}

// newScratch makes a directory below parent, which nobody else may enter, with a file that holds text. An empty parent
// means a file system in memory.
func newScratch(parent string, text []byte) (*scratch, error) {
	parent, err := memoryDir(parent)
	if err != nil {
		return nil, err
	}
	sweep(parent)
	dir, err := os.MkdirTemp(parent, scratchPrefix)
	if err != nil {
		return nil, fmt.Errorf("no place for the plaintext: %w", err)
	}
	s := &scratch{dir: dir, file: filepath.Join(dir, "acct.yaml")}
	if s.lock, err = lockDir(dir); err == nil {
		err = os.WriteFile(s.file, text, 0o600)
	}
	if err != nil {
		s.wipe()
		return nil, fmt.Errorf("no place for the plaintext: %w", err)
	}
	return s, nil
}

// read returns what an editor left. maxScratch bounds it.
func (s *scratch) read() ([]byte, error) {
	file, err := os.Open(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the editor has removed the file")
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxScratch))
}

// maxScratch is more than an acct file may have.
const maxScratch = 2 << 20

// wipe overwrites and removes everything in the directory. It may be called again.
func (s *scratch) wipe() {
	wipeDir(s.dir)
	if s.lock != nil {
		_ = s.lock.Close() // gives the lock back
	}
}

// wipeDir does what it can: errors leave something in memory that only this user may read.
func wipeDir(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			overwrite(path)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

func overwrite(path string) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		_, _ = file.Write(make([]byte, info.Size()))
	}
}
