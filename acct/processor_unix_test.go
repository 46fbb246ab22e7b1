//go:build unix

package acct_test

import (
	"syscall"
	"testing"
	"time"
)

// processorTime is how long this process has computed so far. Unlike the time of day it does not pass while others use the
// machine.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
