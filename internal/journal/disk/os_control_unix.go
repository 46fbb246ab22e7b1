//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// control runs a system call on the file's descriptor, again while a signal interrupts it, but not for ever.
func control(f *os.File, call func(fd uintptr) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		for range 1000 {
			if failed = call(fd); !errors.Is(failed, syscall.EINTR) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return failed
}
