package brokers

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one server process, which can be killed, frozen and started again with the same command.
type process struct {
	name string // for errors and the log file
	dir  string // the server's own folder
	argv []string
	env  []string // added to the environment

	mu  sync.Mutex // guards run
	run *running   // nil before the first start
}

// running is one life of a process.
type running struct {
	pid  int
	done chan struct{} // closed when the process has ended and was waited for
}

// start starts the process. Its output is appended to a log file in its folder.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != nil && !p.run.ended() {
		return fmt.Errorf("%s: runs already", p.name)
	}
	started := make(chan error, 1)
	run := &running{done: make(chan struct{})}
	go p.life(run, started)
	if err := <-started; err != nil {
		return fmt.Errorf("%s: start: %w", p.name, err)
	}
	p.run = run
	return nil
}

// life starts the process and waits for its end. The system kills the process when the thread that started
// it ends, and so when this program dies in whatever way; therefore the thread is kept for it alone.
func (p *process) life(run *running, started chan<- error) {
	runtime.LockOSThread()
	defer close(run.done)
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		started <- err
		return
	}
	defer log.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	run.pid = cmd.Process.Pid
	started <- nil
	_ = cmd.Wait() // how it ended is in its log
}

func (r *running) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// signal sends sig to the process if it is alive.
func (p *process) signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil || p.run.ended() {
		return fmt.Errorf("%s: does not run", p.name)
	}
	if err := syscall.Kill(p.run.pid, sig); err != nil {
		return fmt.Errorf("%s: signal %v to process %d: %w", p.name, sig, p.run.pid, err)
	}
	return nil
}

// freeze stops the process with SIGSTOP and returns when all its threads stand still.
func (p *process) freeze() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && !standsStill(p.run.pid); {
		<-tick.C
	}
	return nil
}

// kill ends the process with SIGKILL and returns when it has ended. It may be dead or never started.
func (p *process) kill() {
	if p.signal(syscall.SIGKILL) == nil {
		<-p.run.done
	}
}

// alive reports whether the process was started and has not ended.
func (p *process) alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run != nil && !p.run.ended()
}

// terminate asks the process to end and kills it if it has not within d.
func (p *process) terminate(d time.Duration) {
	_ = p.signal(syscall.SIGCONT)
	if p.signal(syscall.SIGTERM) != nil {
		return
	}
	select {
	case <-p.run.done:
	case <-time.After(d):
		p.kill()
	}
}

func (p *process) logFile() string { return filepath.Join(p.dir, p.name+".log") }

// logTail is the end of what the process has printed.
func (p *process) logTail() string {
	const most = 3000
	f, err := os.Open(p.logFile())
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	text, _ := io.ReadAll(f)
	return strings.TrimSpace(string(text))
}
