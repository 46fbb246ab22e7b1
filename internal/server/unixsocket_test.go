//go:build unix

package server_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/server"
)

func socketIn(t *testing.T) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "evhub")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "e.sock")
}

func listen(path string, mode fs.FileMode) (net.Listener, error) {
	a, err := server.ParseAddress("unix:" + path)
	if err != nil {
		return nil, err
	}
	return a.Listen(mode)
}

func TestTheSocketIsForThoseWhoMay(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666} {
		path := socketIn(t)
		l, err := listen(path, mode)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode || info.Mode().Type() != fs.ModeSocket {
			t.Errorf("%v, %v; want mode %v", info.Mode(), err, mode)
		}
		_ = l.Close()
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("the socket stays: %v", err)
		}
	}
}

func TestASocketOfADeadProcessIsReplaced(t *testing.T) {
	path := socketIn(t)
	l, err := listen(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close() // as after kill -9
	next, err := listen(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if _, err := listen(path, 0o600); err == nil || !strings.HasPrefix(err.Error(), "another process listens on "+path) {
		t.Errorf("a second one: %v", err)
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Errorf("the first one was disturbed: %v", err)
	} else {
		_ = conn.Close()
	}
}

// TestABusySocketIsNotReplaced fills the queue of a socket that nobody accepts from: whether it is in use is not known then.
func TestABusySocketIsNotReplaced(t *testing.T) {
	path := socketIn(t)
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	for {
		conn, err := net.DialTimeout("unix", path, 100*time.Millisecond)
		if err != nil {
			break // it is full
		}
		defer conn.Close()
	}
	if l, err := listen(path, 0o600); err == nil || !strings.Contains(err.Error(), "cannot be found out") {
		t.Errorf("%v, %v", l, err)
	}
}

// TestTheModeIsThereFromTheStart checks that there is no moment in which others may connect.
func TestTheModeIsThereFromTheStart(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the umask alone is there from the start")
	}
	path := socketIn(t)
	l, err := server.ListenWithMode(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	path := socketIn(t)
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, path := range map[string]string{
		"and no socket":     path,
		"no such file":      filepath.Join(path+".missing", "e.sock"),
		"at most 103 bytes": path + strings.Repeat("x", 100),
		"not a directory":   filepath.Join(path, "e.sock"),
	} {
		if _, err := listen(path, 0o600); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]struct {
		err   string
		local bool
	}{
		"unix:/run/e.sock": {"", true}, "127.0.0.1:80": {"", true}, "localhost:0": {"", true}, "[::1]:80": {"", true},
		"0.0.0.0:80": {"", false}, ":80": {"", false}, "[::]:80": {"", false}, "192.0.2.1:80": {"", false}, "host.example:80": {"", false},
		"unix:": {"names no path", false}, "127.0.0.1": {"want unix:", false}, "127.0.0.1:": {"want unix:", false},
		"http://127.0.0.1:80": {"want", false}, "/run/e.sock": {"want unix:", false}, "": {"want unix:", false},
	} {
		a, err := server.ParseAddress(text)
		switch {
		case want.err != "":
			if err == nil || !strings.Contains(err.Error(), want.err) {
				t.Errorf("%q: %v, want %q", text, err, want.err)
			}
		case err != nil || a.Local() != want.local || a.String() != text:
			t.Errorf("%q: %v, local %v, %v", text, a, a.Local(), err)
		}
	}
}
