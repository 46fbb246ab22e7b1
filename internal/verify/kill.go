package main

import (
	"os/exec"
	"syscall"
	"time"
)

// killWithChildren has the whole group of a command end when its context does: go test starts test binaries,
// and these start brokers.
func killWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}
