package console_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/console"
)

// openTerminal returns both ends of a pseudo terminal.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	var number, unlock uint32
	for request, arg := range map[uintptr]*uint32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlock} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Skipf("no pseudo terminals here: %v", errno)
		}
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { terminal.Close() })
	return screen, terminal
}

func TestColoursOnATerminalOnly(t *testing.T) {
	for _, noColor := range []string{"", "1"} {
		t.Setenv("NO_COLOR", noColor)
		screen, terminal := openTerminal(t)
		dial, err := open(t, console.ProviderTo(terminal), func(c *console.Config) { c.Style = console.Pretty })
		if err != nil {
			t.Fatal(err)
		}
		s, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(t.Context())
		m := providers.Message{Profile: "p", Body: []byte("1")}
		if err := s.Send(t.Context(), []providers.Message{m}).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		shown := make([]byte, 1000)
		n, err := screen.Read(shown)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(shown[:n]), "\x1b[1mp\x1b[0m"); got != (noColor == "") {
			t.Errorf("NO_COLOR=%q: %q", noColor, shown[:n])
		}
	}
}
