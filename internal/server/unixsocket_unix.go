//go:build unix

package server

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// lockDirectory keeps other servers from looking at and replacing sockets in dir meanwhile.
func lockDirectory(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != nil {
		_ = d.Close() // nothing was written
		return nil, err
	}
	return func() { _ = d.Close() }, nil // which unlocks it
}

// listenWithMode opens a socket whose file has mode, or less, from the first moment where the system can do that.
func listenWithMode(path string, mode fs.FileMode) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = syscall.Fchmod(int(fd), uint32(mode.Perm())) // elsewhere than on Linux it may have no effect
		})
	}}
	return config.Listen(context.Background(), "unix", path)
}

// isRefused reports whether err says that nobody listens.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
