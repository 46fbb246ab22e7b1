package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// mostUnixPath is the longest path of a unix socket that every system takes, in bytes.
const mostUnixPath = 103

// listenUnix opens a unix socket at path, in place of one that nobody listens on.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	if len(path) > mostUnixPath {
		return nil, fmt.Errorf("the path of a unix socket has at most %d bytes, and this one %d: %s", mostUnixPath, len(path), path)
	}
	unlock, err := lockDirectory(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("unix socket %s: %w", path, err)
	}
	defer unlock()
	if err := clearPath(path); err != nil {
		return nil, err
	}
	l, err := listenWithMode(path, mode)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, mode); err != nil {
		_ = l.Close() // it was not used
		return nil, err
	}
	return l, nil
}

// clearPath removes the socket at path if nobody listens on it.
func clearPath(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already, and no socket: choose another path, or remove it", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
		return fmt.Errorf("another process listens on %s: stop it first, or choose another path", path)
	}
	if !isRefused(err) {
		return fmt.Errorf("whether another process listens on %s cannot be found out: %w", path, err)
	}
	return os.Remove(path)
}
