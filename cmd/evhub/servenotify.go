package main

import (
	"net"
	"os"
	"strings"
)

// tellSystemd says how far the daemon is to who started it, if that is systemd with Type=notify (sd_notify(3)).
func tellSystemd(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if abstract, ok := strings.CutPrefix(path, "@"); ok {
		path = "\x00" + abstract
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return // nobody listens: events are taken all the same
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}
