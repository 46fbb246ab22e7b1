//go:build !linux

package brokers

import "syscall"

// dieWithParent puts a process into a group of its own, so that Ctrl-C in a terminal reaches only us.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// standsStill cannot tell here.
func standsStill(int) bool { return true }
