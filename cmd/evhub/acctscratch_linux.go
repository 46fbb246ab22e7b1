package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// The magic numbers of file systems in memory, of statfs(2).
const (
	tmpfs = 0x01021994
	ramfs = 0x858458f6
)

// memoryDir returns the first directory that is on a file system in memory and can be written to; given, if it is not
// empty.
func memoryDir(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/dev/shm"} {
		if filepath.IsAbs(dir) && inMemory(dir) && writable(dir) {
			return dir, nil
		}
	}
	return "", errors.New("there is no file system in memory ($XDG_RUNTIME_DIR, /dev/shm) that can be written to, and plaintext must not get on disk; give a directory with --scratch DIR")
}

func inMemory(dir string) bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(dir, &fs) == nil && (uint32(fs.Type) == tmpfs || uint32(fs.Type) == ramfs)
}

func writable(dir string) bool {
	const write, enter = 2, 1
	return syscall.Access(dir, write|enter) == nil
}

// lockDir says to other processes that dir is in use, until the file is closed or the process dies.
func lockDir(dir string) (*os.File, error) {
	file, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return file, nil
}

// sweep wipes the directories that processes of this user left behind because they were killed.
func sweep(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, scratchPrefix+"*"))
	for _, dir := range left {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Geteuid() {
			continue
		}
		if lock, err := lockDir(dir); err == nil {
			wipeDir(dir)
			_ = lock.Close()
		}
	}
}
