//go:build unix

package main

import (
	"os"
	"syscall"
)

// sameOwner gives file the owner of old, if they differ.
func sameOwner(file *os.File, old os.FileInfo) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	want, known := old.Sys().(*syscall.Stat_t)
	got, _ := info.Sys().(*syscall.Stat_t)
	if !known || want.Uid == got.Uid && want.Gid == got.Gid {
		return nil
	}
	return file.Chown(int(want.Uid), int(want.Gid))
}
