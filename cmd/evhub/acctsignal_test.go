//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startEdit starts an edit whose editor stays open, and returns the editor's process and the plaintext.
func startEdit(t *testing.T, file, keyFile, scratch string) (p *process, pid int, plaintext string) {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	if err := syscall.Mkfifo(ready, 0o600); err != nil {
		t.Skip(err)
	}
	command := editor(t, `sed -i s/all/ALL/ "$1"; cp "$1" "$1~"; echo "$$ $1" > `+ready+"; exec sleep 100")
	p = start(t, "acct", "edit", file, "--acct-key-file", keyFile, "--editor", command, "--scratch", scratch)
	if _, err := fmt.Sscan(read(t, ready), &pid, &plaintext); err != nil {
		t.Fatal(err)
	}
	return p, pid, plaintext
}

// TestSignalsLeaveNoPlaintext ends an edit by every signal that can be caught.
func TestSignalsLeaveNoPlaintext(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT} {
		file, keyFile := encryptedAcct(t, "fernet")
		before, scratch := read(t, file), t.TempDir()
		p, pid, plaintext := startEdit(t, file, keyFile, scratch)
		if !strings.Contains(read(t, plaintext), "ALL") {
			t.Error("no plaintext there; this test shows nothing")
		}
		p.signal(t, syscall.SIGPIPE) // which must not end it
		p.signal(t, s)
		p.end(t).want(t, exitInterrupted, "nothing is changed")
		checkNothingLeft(t, scratch, file)
		if read(t, file) != before {
			t.Errorf("%v: the file was changed", s)
		}
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("%v: the editor is still there", s)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// TestAKillLeavesNoPlaintextForLong checks that the next edit wipes what a killed one could not, and no edit under way.
func TestAKillLeavesNoPlaintextForLong(t *testing.T) {
	file, keyFile := encryptedAcct(t, "fernet")
	before, scratch := read(t, file), t.TempDir()
	killed, pid, left := startEdit(t, file, keyFile, scratch)
	open, _, kept := startEdit(t, file, keyFile, scratch)
	killed.signal(t, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL) // its editor, which would keep the output open
	_ = killed.Wait()
	if info, err := os.Stat(filepath.Dir(left)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if strange := os.Mkdir(filepath.Join(scratch, "another"), 0o700); strange != nil {
		t.Fatal(strange)
	}
	evhub(t, "", "acct", "edit", file, "--acct-key-file", keyFile, "--editor", "true", "--scratch", scratch).want(t, exitDone)
	if _, err := os.Stat(filepath.Dir(left)); !os.IsNotExist(err) {
		t.Errorf("the plaintext of the killed edit is still there: %v", err)
	}
	if !strings.Contains(read(t, kept), "ALL") {
		t.Error("the plaintext of an edit under way was wiped")
	}
	open.signal(t, syscall.SIGTERM)
	open.end(t).want(t, exitInterrupted)
	if err := os.Remove(filepath.Join(scratch, "another")); err != nil {
		t.Error(err)
	}
	checkNothingLeft(t, scratch, file)
	if read(t, file) != before {
		t.Error("the file was changed")
	}
}

// TestWipedIsOverwritten checks what a file that somebody still has open holds after the wiping.
func TestWipedIsOverwritten(t *testing.T) {
	s, err := newScratch(t.TempDir(), []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(s.file)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	s.wipe()
	s.wipe()
	content := make([]byte, 2*len(canary))
	if n, _ := open.Read(content); strings.Trim(string(content[:n]), "\x00") != "" || n != len(canary) {
		t.Errorf("%q", content[:n])
	}
}
