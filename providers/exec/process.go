package exec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// process is a running program with all that it has started.
type process struct {
	cmd    *exec.Cmd
	grace  time.Duration
	scrub  *strings.Replacer
	stdin  *os.File
	stdout *os.File
	stderr *stderr

	exited chan struct{} // closed when the program has ended and nothing of it is left
	status string        // how it ended; set before exited

	mu     sync.Mutex // guards the field below
	reaped bool       // the number of the process may be another's
}

// start starts the program. It does not wait for anything that it says.
func start(c Config, logger *slog.Logger) (*process, error) {
	p := &process{grace: c.Grace, scrub: c.scrub(), exited: make(chan struct{})}
	p.cmd = exec.Command(c.Command[0], c.Command[1:]...) //nolint:gosec,noctx // asked for by --allow-exec; its end is ours
	p.cmd.Dir, p.cmd.Env = c.Dir, c.environ()
	alone(p.cmd)
	theirs, err := p.pipes(logger)
	if err == nil {
		err = p.cmd.Start()
	}
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		p.closePipes()
		return nil, fmt.Errorf("starting the program: %w", err)
	}
	p.stderr.start()
	go p.wait()
	return p, nil
}

// pipes connects the program and returns its ends. Files of ours, in place of exec.Cmd's own copying: so the end of the
// program can be told from the end of its output, which something that it has started may hold open.
func (p *process) pipes(logger *slog.Logger) (theirs []*os.File, err error) {
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	in, stdin := pipe()
	stdout, out := pipe()
	stderrEnd, errs := pipe()
	p.stdin, p.stdout, p.stderr = stdin, stdout, newStderr(stderrEnd, logger, p.scrub)
	if err != nil {
		return []*os.File{in, out, errs}, err // Close of a nil file is harmless
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, errs
	return []*os.File{in, out, errs}, nil
}

func (p *process) closePipes() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr.file} {
		f.Close()
	}
}

// drainTime is how long output is read on that something outside of the program's group holds open.
const drainTime = time.Second

func (p *process) wait() {
	err := p.cmd.Wait()
	p.killGroup()
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	p.stdout.SetReadDeadline(time.Now().Add(drainTime))
	p.stderr.file.SetReadDeadline(time.Now().Add(drainTime))
	p.stderr.wait()
	p.status = "the program ended"
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		p.status += ": " + exit.Error()
	}
	if last := p.stderr.lastLine(); last != "" {
		p.status += fmt.Sprintf(" (its last words: %q)", last)
	}
	close(p.exited)
}

// kill ends the program and all that it has started, at once.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.killGroup()
	}
}

// end closes the program's standard input and waits until it has ended; it is killed after the grace, or when ctx ends.
func (p *process) end(ctx context.Context) error {
	p.stdin.Close()
	timer := time.NewTimer(p.grace)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
	case <-ctx.Done():
	}
	p.kill()
	timer.Reset(2 * drainTime)
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
		return errors.New("the program does not end, though it was killed")
	}
}
