package journal_test

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// On a full disk accepting stops, but not delivering; with room it goes on by itself.
func TestFullDisk(t *testing.T) {
	for _, capacity := range []int64{300 << 10, 1 << 20} {
		fs := crashfs.New(1)
		fs.SetCapacity(capacity)
		j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 64 << 10 })
		n := assign(t, j, "a", "b")
		last := fill(t, j, 1, n)
		if j.Stats().NoRoomSince.IsZero() {
			t.Error("NoRoomSince is zero")
		}
		for range 3 {
			if err := j.Append(records(last+1, 100, n...)); !journal.IsNoRoom(err) {
				t.Fatalf("append on a full disk: %v", err)
			}
		}
		expect(t, j, n[0], seqs(1, last))
		ack(j, n[0], last)
		if err := j.SyncCursors(); err != nil {
			t.Fatalf("cursors on a full disk: %v", err)
		}
		compact(t, j)
		expect(t, j, n[1], seqs(1, last))
		ack(j, n[1], last)
		compact(t, j)
		if err := j.Append(records(last+1, 100, n...)); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		if !j.Stats().NoRoomSince.IsZero() {
			t.Error("NoRoomSince stays")
		}
		expect(t, j, n[0], seqs(last+1, last+100))
		j.Close()
		j = open(t, fs)
		expect(t, j, n[0], seqs(last+1, last+100))
		if !j.Recovery().Clean() {
			t.Errorf("%+v", j.Recovery())
		}
		j.Close()
	}
}

// fill appends until there is no more room.
func fill(t testing.TB, j *journal.Journal, first uint64, n []uint32) (last uint64) {
	t.Helper()
	for last = first - 1; last < 1e6; last += 100 {
		err := j.Append(records(last+1, 100, n...))
		if journal.IsNoRoom(err) {
			return last
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the disk does not get full")
	return 0
}

func TestMaxBytes(t *testing.T) {
	for _, most := range []int64{40 << 10, 500 << 10} {
		fs := crashfs.New(1)
		j := open(t, fs, func(o *journal.Options) { o.SegmentBytes, o.MaxBytes = 1<<30, most })
		n := assign(t, j, "a")
		last := uint64(0)
		for range 5 {
			before := last
			if last = fill(t, j, last+1, n); last == before {
				t.Fatalf("%d bytes: nothing is accepted behind %d", most, last)
			}
			if err := j.Append(records(last+1, 100, n...)); !errors.Is(err, journal.ErrFull) {
				t.Fatal(err)
			}
			if got := j.Stats().DiskBytes; got > most+100<<10 {
				t.Errorf("%d bytes on disk, with %d allowed", got, most)
			}
			expect(t, j, n[0], seqs(before+1, last))
			ack(j, n[0], last)
			compact(t, j)
		}
		j.Close()
	}
}

// A dead destination's records can be rewritten on a full disk, with the room of the ballast.
func TestBallast(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 64 << 10 })
	defer j.Close()
	n := assign(t, j, "alive", "dead")
	fs.SetCapacity(4 << 20)
	second := mixed(t, j, 5000, n)
	compact(t, j)
	if !exists(fs, "ballast") {
		t.Fatal("no ballast")
	}
	last := uint64(5000)
	for {
		err := j.Append(records(last+1, 50, n[0]))
		if journal.IsNoRoom(err) {
			break
		}
		last += 50
	}
	fs.SetCapacity(fs.Used()) // someone else takes the rest
	ack(j, n[0], last-3000)
	// What is not needed at all is kept from going, so that only rewriting helps.
	compact(t, j)
	if j.Stats().Compactions == 0 {
		t.Errorf("%+v", j.Stats())
	}
	expect(t, j, n[1], second)
	expect(t, j, n[0], seqs(last-2999, last))
	fs.SetCapacity(8 << 20)
	appendAll(t, j, records(last+1, 10, n...))
	compact(t, j)
	if !exists(fs, "ballast") {
		t.Error("the ballast is not made again")
	}
}

func exists(d *crashfs.FS, name string) bool {
	f, err := d.OpenRead(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	f.Close()
	return true
}

// One failure of each kind, at each operation: what was acknowledged stays, the same group can be given again.
func TestEveryOperationFails(t *testing.T) {
	for _, broken := range []error{syscall.EIO, syscall.ENOSPC} {
		for k := 1; ; k++ {
			if !failAt(t, k, broken) {
				break
			}
		}
	}
}

// failAt has the k-th operation fail. It is false if there are not so many.
func failAt(t *testing.T, k int, broken error) (failed bool) {
	fs := crashfs.New(uint64(k))
	count, synced := 0, map[string]bool{}
	fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		switch op.Kind {
		case crashfs.WriteAt, crashfs.Sync, crashfs.SyncDir, crashfs.Create, crashfs.Rename, crashfs.Remove,
			crashfs.Truncate, crashfs.Preallocate:
			switch {
			case op.Kind == crashfs.Create:
				delete(synced, op.Name) // another file
			case op.Kind == crashfs.Rename && op.Name == "cursors.tmp":
				delete(synced, "cursors")
			}
			if op.Kind == crashfs.Sync && synced[op.Name] {
				t.Errorf("operation %d: %s is synced after a sync that failed", k, op.Name)
			}
			if count++; count == k {
				failed = true
				if op.Kind == crashfs.Sync {
					synced[op.Name] = true
				}
				return crashfs.Fault{Err: broken, Short: op.Len / 2}
			}
		default:
		}
		return crashfs.Fault{}
	})
	o := journal.Options{FS: fs, SegmentBytes: 2 << 10, SaveEvery: -1, Logger: silent}
	j, err := journal.Open("x", o)
	if err != nil {
		return failed // said so
	}
	var n []uint32
	for n == nil { // it may fail once
		n, _ = j.Assign([]string{"a", "b"})
	}
	for seq := uint64(1); seq <= 60; seq += 3 {
		for tries := 0; ; tries++ {
			err := j.Append(records(seq, 3, n...))
			if err == nil {
				break
			}
			if tries > 1 {
				t.Fatalf("operation %d, %v: %v", k, broken, err)
			}
		}
		if seq == 31 {
			ack(j, n[0], 20)
			ack(j, n[1], 25)
			_ = j.SyncCursors()
			_ = j.Compact()
		}
	}
	expect(t, j, n[0], seqs(21, 60))
	fs.SetHook(nil)
	fs = fs.Crash()
	j = open(t, fs)
	defer j.Close()
	got, lost := readAll(t, j, n[0])
	if lost != (journal.Totals{}) || len(got) < 40 || got[len(got)-1] != 60 || got[0] > 21 {
		t.Fatalf("operation %d, %v: after the crash %v, lost %v", k, broken, got, lost)
	}
	return failed
}
