package brokers

import "syscall"

// dieWithParent puts a process into a group of its own, so that Ctrl-C in a terminal reaches only us, and
// has the kernel kill it when we are gone.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
