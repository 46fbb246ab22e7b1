package zeromq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endpoint is where a socket connects or binds, in the words of package net.
type endpoint struct{ network, address string }

// String returns the endpoint as ZeroMQ spells it.
func (e endpoint) String() string {
	if e.network == "unix" {
		return "ipc://" + e.address
	}
	return "tcp://" + e.address
}

// parseEndpoint understands tcp://host:port and ipc://path. When binding, the host may be *.
func parseEndpoint(s string, bind bool) (endpoint, error) {
	scheme, address, found := strings.Cut(s, "://")
	switch {
	case !found || address == "":
		return endpoint{}, fmt.Errorf("%q is no endpoint; write tcp://host:port or ipc:///path", s)
	case scheme == "ipc":
		return endpoint{"unix", address}, nil
	case scheme != "tcp":
		return endpoint{}, fmt.Errorf("%q has the transport %q; tcp and ipc are possible", s, scheme)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return endpoint{}, fmt.Errorf("%q is no endpoint; write tcp://host:port: %w", s, err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return endpoint{}, fmt.Errorf("%q has the port %q; want a number from 1 to 65535", s, port)
	}
	switch {
	case host == "*" && bind:
		host = ""
	case host == "" || strings.ContainsAny(host, "*;/@ "):
		return endpoint{}, fmt.Errorf("%q has the host %q; want a name or an address", s, host)
	}
	return endpoint{"tcp", net.JoinHostPort(host, port)}, nil
}

func (e endpoint) dial(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, e.network, e.address)
}

// listen also takes over the file of a unix socket whose process has died.
func (e endpoint) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, e.network, e.address)
	if err == nil || e.network != "unix" || !errors.Is(err, syscall.EADDRINUSE) || !e.abandoned() {
		return listener, err
	}
	if err := os.Remove(e.address); err != nil {
		return nil, err
	}
	return config.Listen(ctx, e.network, e.address)
}

// abandoned reports whether the path is a unix socket on which nobody listens.
func (e endpoint) abandoned() bool {
	info, err := os.Lstat(e.address)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	conn, err := net.DialTimeout(e.network, e.address, time.Second)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
