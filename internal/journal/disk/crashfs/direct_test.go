package crashfs_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

func block(c byte) []byte {
	b := disk.Blocks(disk.Block)
	copy(b, bytes.Repeat([]byte{c}, len(b)))
	return b
}

// TestDirectWriteIsLostKeptOrTorn: past the cache is not yet durable.
func TestDirectWriteIsLostKeptOrTorn(t *testing.T) {
	seen := outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", string(block('o'))).(disk.DirectFile)
		must(file.WriteDirect(block('n'), 0))
		if got := content(f, "a"); got != string(block('n')) {
			t.Fatalf("before the power cut: %q", got[:1])
		}
		switch got := content(f.Crash(), "a"); got {
		case string(block('o')):
			return "lost"
		case string(block('n')):
			return "kept"
		default:
			return "torn"
		}
	})
	wantOutcomes(t, seen, "lost", "kept", "torn")
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", "").(disk.DirectFile)
		must(file.WriteDirect(block('n'), 0))
		check(t, file.Sync())
		return content(f.Crash(), "a")
	}), string(block('n')))
}

func TestDirectWriteMeetsFaults(t *testing.T) {
	f := crashfs.New(1)
	file := create(t, f, "a", "").(disk.DirectFile)
	var ops []crashfs.Op
	f.SetHook(func(op crashfs.Op) crashfs.Fault {
		ops = append(ops, op)
		return crashfs.Fault{Err: syscall.EIO, Short: 5}
	})
	if n, err := file.WriteDirect(block('n'), 0); n != 5 || !errors.Is(err, syscall.EIO) {
		t.Errorf("%d, %v", n, err)
	}
	want := []crashfs.Op{{Kind: crashfs.WriteAt, Name: "a", N: 2, Len: disk.Block, Direct: true}}
	if diff := cmp.Diff(want, ops); diff != "" {
		t.Error(diff)
	}
	f.SetHook(nil)
	f.SetCapacity(disk.Block)
	if _, err := file.WriteDirect(block('n'), disk.Block); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	f.DieAt(1)
	if _, err := file.WriteDirect(block('n'), 0); !errors.Is(err, crashfs.ErrDead) || !f.Dead() {
		t.Errorf("%v", err)
	}
}

func TestRefuseDirect(t *testing.T) {
	f := crashfs.New(1)
	f.RefuseDirect(true)
	f = f.Kill()
	file := create(t, f, "a", "x").(disk.DirectFile)
	if _, err := file.WriteDirect(block('n'), 0); !errors.Is(err, errors.ErrUnsupported) || content(f, "a") != "x" {
		t.Errorf("%v", err)
	}
	f.RefuseDirect(false)
	must(file.WriteDirect(block('n'), 0))
}

func TestDirectWritePanicsUnlessAligned(t *testing.T) {
	file := create(t, crashfs.New(1), "a", "").(disk.DirectFile)
	b := disk.Blocks(2 * disk.Block)
	for what, write := range map[string]func(){
		"offset":  func() { must(file.WriteDirect(b, 512)) },
		"length":  func() { must(file.WriteDirect(b[:512], 0)) },
		"address": func() { must(file.WriteDirect(b[8:8+disk.Block], 0)) },
	} {
		if !panics(write) {
			t.Errorf("%s: no panic", what)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
