package disk_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk"
)

// holdLock, in the environment, makes TestMain lock a directory and wait to be killed.
const holdLock = "EVHUB_TEST_HOLD_LOCK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdLock); dir != "" {
		o, err := disk.NewOS(dir)
		if err == nil {
			_, err = o.Lock("LOCK")
		}
		fmt.Println("locked:", err)
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestASecondProcessIsRefusedUntilTheFirstIsKilled(t *testing.T) {
	o := newOS(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdLock+"="+o.Path())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "locked: <nil>\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}

	_, err = o.Lock("LOCK")
	var locked *disk.LockedError
	if !errors.As(err, &locked) || !errors.Is(err, disk.ErrLocked) || locked.PID != cmd.Process.Pid {
		t.Errorf("got %v, want a LockedError with pid %d", err, cmd.Process.Pid)
	}
	if holder, err := o.Holder("LOCK"); err != nil || holder == nil || holder.PID != cmd.Process.Pid {
		t.Errorf("Holder: %v, %v, want pid %d", holder, err, cmd.Process.Pid)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if holder, err := o.Holder("LOCK"); err != nil || holder != nil {
		t.Errorf("Holder after kill: %v, %v", holder, err)
	}
	lock, err := o.Lock("LOCK")
	if err != nil {
		t.Fatalf("what a killed process left keeps the lock: %v", err)
	}
	lock.Close()
}

func TestLockWithinOneProcess(t *testing.T) {
	o := newOS(t)
	if holder, err := o.Holder("LOCK"); err != nil || holder != nil {
		t.Errorf("Holder without a file: %v, %v", holder, err)
	}
	lock, err := o.Lock("LOCK")
	if err != nil {
		t.Fatal(err)
	}
	var locked *disk.LockedError
	if _, err := o.Lock("LOCK"); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("got %v, want our own pid", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := o.Lock("LOCK")
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
