package integration

import (
	"os"
	"runtime"
	"testing"
)

// openFiles is how many files and connections this process has, where the system tells; 0 elsewhere.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(files)
}

func runningGoroutines() int { return runtime.NumGoroutine() }
