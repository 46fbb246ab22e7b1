//go:build linux && amd64

package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// The tracer runs a command and does something to one of its system calls: strace counts the calls of each thread, and a Go
// program's calls wander between threads, so that strace cannot reach every one of them, nor the same one again.
// It is this test binary, run with the plan in a variable.

// traceAsChild runs the command that is named by the arguments, if a plan says so.
func traceAsChild() bool {
	text := os.Getenv(traceVariable)
	if text == "" {
		return false
	}
	var tr tracer
	err := json.Unmarshal([]byte(text), &tr.plan)
	if err == nil {
		err = tr.run(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tracer:", err)
		os.Exit(exitUntraceable)
	}
	return true
}

// exitUntraceable is the code of a tracer that could not trace.
const exitUntraceable = 99

// tracer follows all threads of one command.
type tracer struct {
	plan    plan
	pid     int
	log     *os.File
	threads map[int]*thread
	count   int // calls that the plan is about
	hits    int
	delayed map[int]time.Time // threads that go on later
}

// thread is one that is between two stops.
type thread struct {
	inCall bool
	call   *call // nil if it is none of the journal's
	effect effect
}

func (tr *tracer) run(args []string) error {
	runtime.LockOSThread() // only the thread that starts a command may trace it
	var err error
	if tr.log, err = os.Create(tr.plan.Log); err != nil {
		return err
	}
	if err := os.Unsetenv(traceVariable); err != nil {
		return err
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // the test's own command
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	tr.pid, tr.threads, tr.delayed = cmd.Process.Pid, map[int]*thread{}, map[int]time.Time{}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(tr.pid, &status, syscall.WALL, nil); err != nil {
		return err
	}
	const exitKill = 0x100000
	options := syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACECLONE | exitKill
	if err := syscall.PtraceSetOptions(tr.pid, options); err != nil {
		return err
	}
	tr.threads[tr.pid] = &thread{}
	if err := syscall.PtraceSyscall(tr.pid, 0); err != nil {
		return err
	}
	tr.follow()
	return nil
}

// follow handles stops until the command is gone, and ends as it did.
func (tr *tracer) follow() {
	for {
		tr.resume()
		flags := syscall.WALL
		if len(tr.delayed) > 0 {
			flags |= syscall.WNOHANG
		}
		var status syscall.WaitStatus
		tid, err := syscall.Wait4(-1, &status, flags, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			os.Exit(exitUntraceable)
		case tid == 0:
			pause(time.Millisecond, nil)
		case status.Exited() && tid == tr.pid:
			os.Exit(status.ExitStatus())
		case status.Signaled() && tid == tr.pid:
			os.Exit(128 + int(status.Signal()))
		case status.Stopped():
			tr.stopped(tid, status)
		default:
			delete(tr.threads, tid)
		}
	}
}

// resume lets threads go on whose time has come.
func (tr *tracer) resume() {
	for tid, at := range tr.delayed {
		if time.Now().After(at) {
			delete(tr.delayed, tid)
			_ = syscall.PtraceSyscall(tid, 0) // it may be gone
		}
	}
}

const syscallStop = syscall.SIGTRAP | 0x80

func (tr *tracer) stopped(tid int, status syscall.WaitStatus) {
	th := tr.threads[tid]
	deliver := 0
	switch signal := status.StopSignal(); {
	case th == nil: // a new one, stopped for us
		tr.threads[tid] = &thread{}
	case signal == syscallStop:
		th.inCall = !th.inCall
		if th.inCall {
			tr.enter(tid, th)
		} else {
			tr.leave(tid, th)
		}
		if _, later := tr.delayed[tid]; later {
			return
		}
	case signal == syscall.SIGTRAP: // a clone, an exec
	case signal == syscall.SIGSTOP:
	default:
		deliver = int(signal)
	}
	_ = syscall.PtraceSyscall(tid, deliver) // it may be gone
}

// enter is called before a system call.
func (tr *tracer) enter(tid int, th *thread) {
	th.call, th.effect = nil, effect{}
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) != nil {
		return
	}
	c := decode(tr.pid, &regs)
	if c == nil || !strings.HasPrefix(c.path, tr.plan.Under) {
		return
	}
	th.call = c
	if !tr.plan.about(c) {
		return
	}
	tr.count++
	c.number = tr.count
	if !tr.plan.hits(tr.count) {
		return
	}
	tr.hits++
	th.effect = tr.plan.Effect
	switch e := th.effect; {
	case e.Kill && !e.Torn:
		_ = syscall.Kill(tr.pid, syscall.SIGKILL)
	case e.Torn && c.length > 0:
		regs.Rdx = wholePages(regs.R10, c.length) // of pwrite64, the only one that is used
		_ = syscall.PtraceSetRegs(tid, &regs)
	case e.Short && c.length > 1:
		regs.Rdx = c.length / 2
		_ = syscall.PtraceSetRegs(tid, &regs)
	case e.Skip:
		regs.Orig_rax = ^uint64(0) // no such call: it does nothing
		_ = syscall.PtraceSetRegs(tid, &regs)
	}
	if th.effect.Delay > 0 {
		tr.delayed[tid] = time.Now().Add(th.effect.Delay)
	}
}

// wholePages is how much of a write remains if it is interrupted, which happens between two pages of the cache.
func wholePages(offset, length uint64) uint64 {
	const page = 4096
	for _, end := range []uint64{(offset + length/2) / page * page, (offset + length) / page * page} {
		if end > offset {
			return end - offset
		}
	}
	return length
}

// leave is called after a system call.
func (tr *tracer) leave(tid int, th *thread) {
	c := th.call
	if c == nil {
		return
	}
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) != nil {
		return
	}
	if th.effect.Skip {
		regs.Rax = uint64(th.effect.Result)
		_ = syscall.PtraceSetRegs(tid, &regs)
	}
	fmt.Fprintf(tr.log, logFormat, c.number, c.name, c.fd, c.path, int64(regs.Rax), th.effect != effect{})
	if th.effect.Torn {
		_ = syscall.Kill(tr.pid, syscall.SIGKILL)
	}
}
