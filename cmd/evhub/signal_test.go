//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the command once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "evhub-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "evhub")
	built = dir
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	return path, errors.Join(err, asError(out))
})

func asError(out []byte) error {
	if len(out) == 0 {
		return nil
	}
	return errors.New(string(out))
}

// process is the command as a process of its own.
type process struct {
	*exec.Cmd
	in       io.WriteCloser
	out, err bytes.Buffer
}

func start(t *testing.T, args ...string) *process { return startWriting(t, nil, args...) }

// startWriting is start with a standard output of the caller's; nil keeps it for the end.
func startWriting(t *testing.T, out *os.File, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), path, args...)}
	p.Stdout, p.Stderr = &p.out, &p.err
	if out != nil {
		p.Stdout = out
	}
	if p.in, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) put(t *testing.T, lines string) {
	t.Helper()
	if _, err := io.WriteString(p.in, lines); err != nil {
		t.Fatal(err)
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// end waits for the process.
func (p *process) end(t *testing.T) result {
	t.Helper()
	err := p.Wait()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return result{p.ProcessState.ExitCode(), p.out.String(), p.err.String()}
}

func called(t *testing.T, e *endpoint) {
	t.Helper()
	select {
	case <-e.called:
	case <-time.After(20 * time.Second):
		t.Fatal("the endpoint was not called")
	}
}

// TestASignalEndsAStream checks that what was read is delivered, though standard input stays open.
func TestASignalEndsAStream(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		e := answering(t, http.StatusNoContent)
		acctFile, events := toHTTP(t, e, "")
		p := start(t, "put", "-f", acctFile)
		p.put(t, "{\"body\": 1, \"profile\": \"p\"}\n")
		called(t, e)
		p.signal(t, s)
		p.end(t).want(t, exitInterrupted)
		if got := read(t, events); got != "1\n" {
			t.Errorf("%v: arrived: %q", s, got)
		}
	}
}

// TestASecondSignalEndsTheDrain checks that what remains is said, and that the command does not wait for it.
func TestASecondSignalEndsTheDrain(t *testing.T) {
	for _, timeout := range []string{"0", "1h"} {
		e := answering(t, http.StatusServiceUnavailable)
		acctFile, _ := toHTTP(t, e, "")
		p := start(t, "put", "-f", acctFile, "--timeout", timeout)
		p.put(t, strings.Repeat("{\"body\": 1, \"profile\": \"p\"}\n", 3))
		called(t, e)
		begin := time.Now()
		p.signal(t, os.Interrupt)
		p.signal(t, syscall.SIGTERM) // another one: two of the same kind may arrive as one
		p.end(t).want(t, exitInterrupted, "undelivered: 3 events for http:hook")
		if took := time.Since(begin); took > shortDrain {
			t.Errorf("--timeout %s: it took %v after a second signal", timeout, took)
		}
	}
}

// TestASignalBoundsADrainForEver checks that one signal is enough, also when everything has been put.
func TestASignalBoundsADrainForEver(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the drain after a signal")
	}
	e := answering(t, http.StatusServiceUnavailable)
	acctFile, _ := toHTTP(t, e, "")
	p := start(t, "put", "-f", acctFile, "--timeout", "0", "--profile", "p", "--body", "1")
	called(t, e)
	begin := time.Now()
	p.signal(t, os.Interrupt)
	p.end(t).want(t, exitInterrupted, "undelivered: 1 event for http:hook")
	if took := time.Since(begin); took > shortDrain+5*time.Second {
		t.Errorf("it took %v", took)
	}
}
