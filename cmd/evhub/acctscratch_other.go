//go:build !linux

package main

import (
	"errors"
	"os"
)

// memoryDir returns given: it is not known here which file system is in memory.
func memoryDir(given string) (string, error) {
	if given == "" {
		return "", errors.New("plaintext must not get on disk, and where memory is, is not known on this system; give a directory on a RAM disk with --scratch DIR")
	}
	return given, nil
}

// lockDir does nothing: nothing is swept here.
func lockDir(string) (*os.File, error) { return nil, nil }

func sweep(string) {}
