package exec

import (
	"os/exec"
	"syscall"
)

// alone puts the program into a group of its own, by which all that it starts can be killed, and which no signal from the
// terminal reaches. Should evhub die, the program does too.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func (p *process) killGroup() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
