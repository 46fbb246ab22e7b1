//go:build !unix

package exec

import "os/exec"

func alone(*exec.Cmd) {}

// killGroup kills the program alone: this system has no groups.
func (p *process) killGroup() { _ = p.cmd.Process.Kill() }
