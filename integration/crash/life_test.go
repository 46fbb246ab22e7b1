//go:build linux

package crash

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// life is one run of the command.
type life struct {
	world *world
	cmd   *exec.Cmd
	stdin io.WriteCloser
	said  *transcript
	acked atomic.Int64
	// acks gets a value after an acknowledgement, if somebody listens.
	acks       chan struct{}
	ended      chan struct{} // closed when the process is gone and all that it said is read
	code       int           // the exit code, or minus the signal; valid once ended
	stdoutTail string        // what it printed beside acknowledgements; valid once ended

	feeding sync.WaitGroup
	stop    chan struct{} // closed when nothing more is to be fed
	once    sync.Once
}

// live starts the command; args[0] is the subcommand.
func (w *world) live(args ...string) *life {
	w.t.Helper()
	command := append([]string{evhub(w.t)}, args...)
	command = append(append(command, "-f", w.acct, "--journal", w.dir, "--log-level", "info"), w.flags...)
	l := &life{world: w, said: &transcript{}, acks: make(chan struct{}), ended: make(chan struct{}), stop: make(chan struct{})}
	l.cmd = w.command(command...)
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	l.cmd.Stderr = l.said
	stdout, err := l.cmd.StdoutPipe()
	if err == nil {
		l.stdin, err = l.cmd.StdinPipe()
	}
	if err == nil {
		err = l.cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.lives = append(w.lives, l)
	go l.listen(stdout)
	w.t.Cleanup(l.kill)
	return l
}

// command is one through what the world runs commands with.
func (w *world) command(args ...string) *exec.Cmd {
	args = append(slices.Clone(w.via), args...)
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // the test's own command
	cmd.Env = append(os.Environ(), w.env...)
	return cmd
}

// listen makes an obligation of each id that the command prints, until it has ended.
func (l *life) listen(stdout io.Reader) {
	defer close(l.ended)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	var rest strings.Builder
	for lines.Scan() {
		var ack struct{ ID string }
		if json.Unmarshal(lines.Bytes(), &ack) != nil || ack.ID == "" {
			fmt.Fprintln(&rest, lines.Text())
			continue
		}
		if l.world.oracle.Minted(ack.ID) { // else it is none of the oracle's
			l.world.oracle.Accept(ack.ID)
		}
		l.world.acked.Add(1)
		l.acked.Add(1)
		select {
		case l.acks <- struct{}{}:
		default:
		}
	}
	l.code = exitCode(l.cmd.Wait())
	l.stdoutTail = rest.String()
}

// exitCode is what a process ended with, or minus the signal that ended it.
func exitCode(err error) int {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		if err != nil {
			return -1000 // it could not even be awaited
		}
		return 0
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -int(status.Signal())
	}
	return exit.ExitCode()
}

// signal sends one to the command and what it was started through.
func (l *life) signal(s syscall.Signal) { _ = syscall.Kill(-l.cmd.Process.Pid, s) } // it may be gone

// kill ends it at once and waits until it is gone.
func (l *life) kill() {
	l.signal(syscall.SIGKILL)
	l.await(time.Minute)
}

// await waits for the end and for the feeder, and reports whether it came in time.
func (l *life) await(d time.Duration) bool {
	select {
	case <-l.ended:
	case <-time.After(d):
		return false
	}
	l.endOfInput()
	l.feeding.Wait()
	return true
}

// endOfInput ends the feeding, and then the standard input.
func (l *life) endOfInput() {
	l.once.Do(func() {
		close(l.stop)
		_ = l.stdin.Close() // a feeder that waits for room in the pipe is freed by this
	})
}

// mustEnd fails the test if the command does not end in time or with another code.
func (l *life) mustEnd(within time.Duration, codes ...int) {
	l.world.t.Helper()
	if !l.await(within) {
		l.signal(syscall.SIGQUIT) // prints the stacks
		if !l.await(5 * time.Second) {
			l.kill()
		}
		l.world.t.Fatalf("no end within %v; it said:\n%s", within, l.said)
	}
	l.check(codes...)
}

// check fails the test if the command has crashed, or ended with another code.
func (l *life) check(codes ...int) {
	l.world.t.Helper()
	if said := l.said.crash(); said != "" {
		l.world.t.Fatalf("it crashed: %s", said)
	}
	if slices.Contains(codes, l.code) {
		return
	}
	l.world.t.Fatalf("exit code %d, want one of %v; it said:\n%s%s", l.code, codes, l.stdoutTail, l.said)
}

// transcript keeps what a process wrote on standard error: all lines are counted, the last ones kept.
type transcript struct {
	mu   sync.Mutex
	text []byte
}

const transcriptSize = 1 << 20

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	witnessed.read(string(p))
	s.text = append(s.text, p...)
	if len(s.text) > transcriptSize {
		s.text = append(s.text[:0], s.text[len(s.text)-transcriptSize/2:]...)
	}
	return len(p), nil
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}

// crash is what a Go program prints when it goes down, empty if it did not.
func (s *transcript) crash() string {
	said := s.String()
	for _, sign := range []string{"panic: ", "fatal error: ", "DATA RACE", "unexpected fault address", "SIGSEGV"} {
		if i := strings.Index(said, sign); i >= 0 {
			return said[i:min(len(said), i+4000)]
		}
	}
	return ""
}

// has reports whether the text was said.
func (s *transcript) has(text string) bool {
	return strings.Contains(strings.ToLower(s.String()), strings.ToLower(text))
}
