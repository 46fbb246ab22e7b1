package brokers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// dieWithParent puts a process into a group of its own, so that Ctrl-C in a terminal reaches only us, and
// has the kernel kill it when we are gone.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// standsStill reports whether every thread of the process is stopped: a signal stops them one after the other.
func standsStill(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, file := range threads {
		text, readErr := os.ReadFile(file)
		if readErr == nil && !bytes.Contains(text, []byte(") T ")) {
			return false
		}
	}
	return err == nil
}
