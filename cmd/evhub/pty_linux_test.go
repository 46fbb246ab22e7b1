package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
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

// commandEnded is what a test has shown when nothing more is to come.
const commandEnded = "(the command has ended)"

// shownUntil returns what a screen shows up to some text, with which it has to end sometime.
func shownUntil(t *testing.T, screen *os.File, end string) string {
	t.Helper()
	var shown []byte
	for part := make([]byte, 4000); !bytes.Contains(shown, []byte(end)); {
		n, err := screen.Read(part)
		if err != nil {
			t.Fatalf("%v after %q", err, shown)
		}
		shown = append(shown, part[:n]...)
		if bytes.Contains(shown, []byte(commandEnded)) && !bytes.Contains(shown, []byte(end)) {
			t.Fatalf("%q is not shown, but %q", end, shown)
		}
	}
	return string(shown)
}

func TestColoursOnATerminal(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	for _, c := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		screen, terminal := openTerminal(t)
		if code := run(t.Context(), []string{"check", acctFile}, newConsole(strings.NewReader(""), terminal, terminal)); code != exitDone {
			t.Fatalf("exit code %d", code)
		}
		shown := shownUntil(t, screen, "is right")
		if got := strings.Contains(shown, "\x1b[1mfile:*@"); got != c.want {
			t.Errorf("NO_COLOR=%q TERM=%q: %q", c.noColor, c.term, shown)
		}
	}
}

// TestStatusLine checks that a status line goes before anything else is written.
func TestStatusLine(t *testing.T) {
	t.Setenv("TERM", "xterm")
	screen, terminal := openTerminal(t)
	s := newStream(terminal)
	s.setStatus("1 waiting")
	s.setStatus("2 waiting")
	fmt.Fprint(s, "refused")
	if got, want := shownUntil(t, screen, "refused"), "1 waiting"+clearLine+"2 waiting"+clearLine+"refused"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestDroppingAsks checks what is asked on a terminal, and what an answer does.
func TestDroppingAsks(t *testing.T) {
	t.Setenv("TERM", "xterm")
	dir := newDir(t)
	bury(t, dir, 2)
	keep(t, dir, 3)
	letters, backlog := []string{"deadletters", "drop", "--all", "--journal", dir}, []string{"journal", "drop", "http:hook", "--journal", dir}
	for _, c := range []struct {
		args                 []string
		question, answer, is string
		code                 int
	}{
		{letters, "Drop 2 dead letters for good? [y/N] ", "\n", "nothing was dropped", exitFailure},
		{letters, "Drop 2 dead letters for good? [y/N] ", "n\n", "nothing was dropped", exitFailure},
		{letters, "Drop 2 dead letters for good? [y/N] ", "yes\n", "2 dead letters dropped", exitDone},
		{backlog, "Give up 3 waiting events and 0 dead letters of http:hook for good? [y/N] ", "x\n", "nothing was dropped", exitFailure},
		{backlog, "Give up 3 waiting events and 0 dead letters of http:hook for good? [y/N] ", "Y\n", "3 events of http:hook dropped", exitDone},
	} {
		screen, terminal := openTerminal(t)
		code := make(chan int)
		go func() {
			c := run(t.Context(), c.args, newConsole(terminal, terminal, terminal))
			fmt.Fprint(terminal, commandEnded)
			code <- c
		}()
		shownUntil(t, screen, c.question)
		if _, err := screen.WriteString(c.answer); err != nil {
			t.Fatal(err)
		}
		shownUntil(t, screen, c.is)
		if got := <-code; got != c.code {
			t.Errorf("%v answered with %q: exit code %d, want %d", c.args, c.answer, got, c.code)
		}
	}
}
