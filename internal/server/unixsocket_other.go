//go:build !unix

package server

import (
	"io/fs"
	"net"
)

func lockDirectory(string) (unlock func(), err error) { return func() {}, nil }

func listenWithMode(path string, _ fs.FileMode) (net.Listener, error) {
	return net.Listen("unix", path)
}

func isRefused(error) bool { return true }
