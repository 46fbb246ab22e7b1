package journal

import (
	"strings"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// refuse makes operations of a kind fail without being done: all of them, or those that come right after a segment was
// unlinked.
func refuse(kind crashfs.Kind, behindUnlink bool) func(crashfs.Op) crashfs.Fault {
	unlinked := false
	return func(op crashfs.Op) crashfs.Fault {
		fails := op.Kind == kind && (unlinked || !behindUnlink)
		unlinked = op.Kind == crashfs.Remove && strings.HasSuffix(op.Name, segmentSuffix)
		if fails && (behindUnlink || kind != crashfs.Remove || unlinked) {
			return crashfs.Fault{Err: syscall.EIO}
		}
		return crashfs.Fault{}
	}
}

// listed is whether a letter is there, whatever it says.
func listed(t testing.TB, d *DeadLetters, key uint64) bool {
	t.Helper()
	for l, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		if l.Key == key {
			return true
		}
	}
	return false
}

// sized appends a letter of n bytes.
func sized(t testing.TB, d *DeadLetters, n int) (key uint64) {
	t.Helper()
	key, err := d.Append([][]byte{make([]byte, n)})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// What an unlink has taken away may be there again after a power cut, if the process was killed before it was durable.
// By then, what says that its letters are gone may have been unlinked, too.
func TestLettersDoNotComeBackFromUnlinkedSegments(t *testing.T) {
	for seed := range uint64(200) {
		fs := crashfs.New(seed)
		d := openLetters(t, fs)
		sized(t, d, 900)
		gone := sized(t, d, 1100)
		fs.SetHook(refuse(crashfs.Remove, false))
		removeLetters(t, d, gone) // it stays in the second segment, the third one says that it is gone
		_ = d.close()
		d = openLetters(t, fs)
		sized(t, d, 100) // in a fourth one
		_ = d.close()
		for range 2 { // the second is unlinked, then the third
			fs = fs.Kill()
			fs.SetHook(refuse(crashfs.SyncDir, true))
			openLetters(t, fs)
		}
		if d = openLetters(t, fs.Crash()); listed(t, d, gone) {
			t.Fatalf("seed %d: letter %d has come back", seed, gone)
		}
	}
}

// Letters whose Append failed are not listed later, even if the disk has them and could not be told to cut them off.
func TestFailedLettersDoNotComeBack(t *testing.T) {
	for seed := range uint64(300) {
		fs := crashfs.New(seed)
		d := openLetters(t, fs)
		sized(t, d, 850)
		fs.SetHook(refuse(crashfs.Sync, false))
		failed := d.next
		if _, err := d.Append([][]byte{make([]byte, 50)}); err == nil {
			t.Fatal("no error")
		}
		fs.SetHook(nil)
		var others []uint64
		for range 6 {
			others = append(others, sized(t, d, 150))
		}
		removeLetters(t, d, others[:4]...) // so that the segment behind the failed one is rewritten, which says that it failed
		if d = openLetters(t, fs.Crash()); listed(t, d, failed) {
			t.Fatalf("seed %d: letter %d was never acknowledged", seed, failed)
		}
	}
}

// The second sync of a file whose first one failed says nothing.
func TestAFileWhoseSyncFailedIsNotSyncedAgain(t *testing.T) {
	fs := crashfs.New(1)
	d := openLetters(t, fs)
	sized(t, d, 100)
	failed := ""
	fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		switch {
		case op.Kind != crashfs.Sync:
		case failed == "":
			failed = op.Name
			return crashfs.Fault{Err: syscall.EIO}
		case op.Name == failed:
			t.Errorf("%s is synced again", op.Name)
		}
		return crashfs.Fault{}
	})
	if _, err := d.Append([][]byte{make([]byte, 50)}); err == nil {
		t.Fatal("no error")
	}
	sized(t, d, 100)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
}

// A new segment sorts behind those that have the same first key, so that the newest one, which is never unlinked, is the
// last.
func TestKeysAreNotUsedAgain(t *testing.T) {
	fs := crashfs.New(1)
	d := openLetters(t, fs)
	again := func() {
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		d = openLetters(t, fs)
	}
	for range 2 {
		sized(t, d, 250)
	}
	for key := uint64(1); key <= 2; key++ { // in two segments with the first key 3, of which the first one is unlinked
		again()
		removeLetters(t, d, key)
	}
	again()
	fs.SetHook(refuse(crashfs.Remove, false)) // so that it stays
	removeLetters(t, d, sized(t, d, 100))
	fs.SetHook(nil)
	again() // the letter's segment goes now, if it is not the last one
	again()
	if key := sized(t, d, 100); key != 4 {
		t.Errorf("the key is %d, want 4", key)
	}
}
