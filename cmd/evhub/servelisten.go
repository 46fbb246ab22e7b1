package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/internal/server"
)

// listenAddresses are the flags that say where evhub serve listens.
type listenAddresses struct {
	given      []string
	socketMode string

	addresses []server.Address
	mode      fs.FileMode
}

func (l *listenAddresses) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&l.given, "listen", nil, "`address` to listen at, unix:/path/to.sock or HOST:PORT; may be repeated\n"+
		"(default unix:$RUNTIME_DIRECTORY/evhub.sock, else unix:$XDG_RUNTIME_DIR/evhub.sock)")
	flags.StringVar(&l.socketMode, "socket-mode", "0600", "`mode` of the files of unix sockets: whoever may write may send events")
}

// check reads the addresses, and refuses those that need a token if there is none.
func (l *listenAddresses) check(token bool) error {
	mode, err := strconv.ParseUint(l.socketMode, 8, 9)
	if err != nil || mode&0o600 != 0o600 {
		return fmt.Errorf("--socket-mode %q: want an octal mode such as 0600 or 0660", l.socketMode)
	}
	l.mode = fs.FileMode(mode)
	if len(l.given) == 0 {
		path, err := defaultSocket()
		if err != nil {
			return err
		}
		l.given = []string{"unix:" + path}
	}
	for _, text := range l.given {
		a, err := server.ParseAddress(text)
		switch {
		case err != nil:
			return fmt.Errorf("--listen: %w", err)
		case !a.Local() && !token:
			return fmt.Errorf("--listen %s: other machines could send events: give --token-file, or an address of loopback such as 127.0.0.1:PORT", text)
		}
		l.addresses = append(l.addresses, a)
	}
	return nil
}

// defaultSocket is where clients look for evhub if nobody says it: where systemd wants the sockets of a unit, else where
// those of this user are.
func defaultSocket() (string, error) {
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "evhub.sock"), nil
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "evhub.sock"), nil
	}
	return "", errors.New("no place for a socket, as there is neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR: give --listen")
}

// open listens at all addresses, or at none.
func (l *listenAddresses) open() (listeners, error) {
	var all listeners
	for _, a := range l.addresses {
		one, err := a.Listen(l.mode)
		if err != nil {
			all.close()
			return nil, fmt.Errorf("--listen %s: %w", a, err)
		}
		all = append(all, one)
	}
	return all, nil
}

type listeners []net.Listener

func (l listeners) close() {
	for _, one := range l {
		_ = one.Close() // closed already, as a rule
	}
}

// names are the addresses as clients spell them, those over TCP with their scheme; a port 0 has its number there.
func (l listeners) names(overTCP string) (names []string) {
	for _, one := range l {
		if one.Addr().Network() == "unix" {
			names = append(names, "unix:"+one.Addr().String())
		} else {
			names = append(names, overTCP+"://"+one.Addr().String())
		}
	}
	return names
}
