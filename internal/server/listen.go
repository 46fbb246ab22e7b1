package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
)

// unixPrefix begins the address of a unix socket.
const unixPrefix = "unix:"

// Address is where a server listens.
type Address struct {
	path string // of a unix socket
	host string // of a TCP socket, with its port
}

// ParseAddress reads "unix:/path/to.sock" or "HOST:PORT".
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		if path == "" {
			return Address{}, errors.New("unix: names no path; want unix:/path/to.sock")
		}
		return Address{path: path}, nil
	}
	host, port, err := net.SplitHostPort(text)
	switch {
	case err != nil || port == "":
		return Address{}, fmt.Errorf("want unix:/path/to.sock or HOST:PORT, not %q", text)
	case strings.Contains(host, "/"):
		return Address{}, fmt.Errorf("want HOST:PORT without a scheme, or unix:/path/to.sock, not %q", text)
	}
	return Address{host: text}, nil
}

// String returns what ParseAddress reads.
func (a Address) String() string {
	if a.path != "" {
		return unixPrefix + a.path
	}
	return a.host
}

// Local reports whether only this machine can reach a: a unix socket, or the loopback interface.
func (a Address) Local() bool { return a.path != "" || loopbackHost(a.host) }

// IsUnix reports whether a is a unix socket.
func (a Address) IsUnix() bool { return a.path != "" }

// Listen opens a. The file of a unix socket gets mode; one that a dead process has left is replaced.
func (a Address) Listen(mode fs.FileMode) (net.Listener, error) {
	if a.path != "" {
		return listenUnix(a.path, mode)
	}
	l, err := net.Listen("tcp", a.host)
	if err != nil {
		return nil, err
	}
	if at, err := netip.ParseAddrPort(l.Addr().String()); a.Local() && (err != nil || !at.Addr().IsLoopback()) {
		_ = l.Close() // it was not used
		return nil, fmt.Errorf("listen %s: the name leads to %s, which is not this machine alone", a.host, l.Addr())
	}
	return l, nil
}
