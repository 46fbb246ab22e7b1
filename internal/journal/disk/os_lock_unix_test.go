//go:build unix

package disk_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestLookingDoesNotKeepAProgramFromStarting(t *testing.T) {
	o := newOS(t)
	create(t, o, "LOCK", "")
	looker, err := os.Open(filepath.Join(o.Path(), "LOCK"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(looker.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	time.AfterFunc(5*time.Millisecond, func() { done <- looker.Close() })
	lock, err := o.Lock("LOCK")
	if err != nil {
		t.Error(err)
	} else {
		lock.Close()
	}
	<-done
}
