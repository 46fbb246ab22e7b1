package journal_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// A dead letter that needs more than the spare file has, on a full disk: the ballast would do.
func TestDeadLetterGetsTheBallastBehindTheSpare(t *testing.T) {
	for _, withSpare := range []bool{false, true} {
		f := crashfs.New(1)
		f.SetCapacity(64 << 20)
		j, number, _ := recycled(t, f)
		if !withSpare {
			for range 3 {
				_ = j.Compact()
			}
		}
		d, err := j.DeadLetters(number)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Append([][]byte{[]byte("x")}); err != nil {
			t.Fatal(err)
		}
		f.SetCapacity(f.Used())
		if _, err := d.Append([][]byte{make([]byte, 64<<10)}); err != nil {
			t.Errorf("spare %v: %v", withSpare, err)
		}
		_ = j.Close()
	}
}

// A file that cannot be opened has the name of the next segment.
func TestANameThatIsTaken(t *testing.T) {
	f := crashfs.New(1)
	j := open(t, f)
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 1, n...))
	// begin fails at SyncDir, and the file cannot be removed; nor can it be opened (a bad inode)
	bad := ""
	armed := true
	f.SetHook(func(op crashfs.Op) crashfs.Fault {
		switch {
		case armed && op.Kind == crashfs.Create && strings.HasPrefix(op.Name, "log/"):
			bad = op.Name
		case armed && op.Kind == crashfs.SyncDir && op.Name == "log" && bad != "":
			return crashfs.Fault{Err: syscall.EIO}
		case op.Kind == crashfs.Remove && op.Name == bad, op.Kind == crashfs.OpenRead && op.Name == bad && bad != "":
			return crashfs.Fault{Err: syscall.EIO}
		}
		return crashfs.Fault{}
	})
	for bad == "" {
		seq := j.LastSeq() + 1
		_ = j.Append(records(seq, 1, n...))
	}
	armed = false
	var err error
	for range 5 {
		if err = j.Append(records(j.LastSeq()+1, 1, n...)); err == nil {
			return
		}
	}
	t.Errorf("five Appends fail, the last: %v", err)
}

// A rename of a rewritten segment fails, but was done.
func TestARenameThatFailsButIsDone(t *testing.T) {
	f := crashfs.New(1)
	j := open(t, f)
	defer j.Close()
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 1, n[0], n[1]))
	rollOver(t, j, n[0])
	rollOver(t, j, n[0])
	settle(t, j, n[0])
	once := false
	f.SetHook(func(op crashfs.Op) crashfs.Fault {
		if op.Kind == crashfs.Rename && strings.HasSuffix(op.Name, ".seg.tmp") && !once {
			once = true
			return crashfs.Fault{Err: syscall.EIO, Done: true}
		}
		return crashfs.Fault{}
	})
	_ = j.Compact()
	_ = j.Compact()
	if !once {
		t.Fatal("not renamed")
	}
	expect(t, j, n[1], []uint64{1})
}

// The first block of a young segment over an older one is damaged: what is left of the older one is not taken for it.
func TestLostBlockOfAYoungReusedSegment(t *testing.T) {
	f := crashfs.New(1)
	large := func(o *journal.Options) { o.SegmentBytes = 64 << 10 }
	j, number, _ := recycled(t, f, large)
	rollOver(t, j, number)
	settle(t, j, number)
	last := j.LastSeq()
	appendAll(t, j, records(last+1, 3, number)) // acknowledged, in block 0
	if j.Stats().Reused != 1 {
		t.Fatal(j.Stats())
	}
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	f = f.Kill()
	all := filesOf(t, f)
	names := all.segments()
	name := names[len(names)-1]
	b := append([]byte(nil), all[name]...)
	clear(b[:4096])
	for _, only := range []bool{false, true} {
		g := all.with(name, b)
		if only { // it is the only one
			for _, n := range names[:len(names)-1] {
				delete(g, n)
			}
		}
		d := g.disk(t)
		ro := open(t, d, large, func(o *journal.Options) { o.ReadOnly = true })
		n, low := 0, 0
		for r, err := range ro.Entries(1) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; r.Seq <= 100 {
				low++
			}
		}
		if low > 0 {
			t.Errorf("only %v: %d records are yielded, %d of them old", only, n, low)
		}
		_ = ro.Close()
		j := open(t, d, large)
		if r := j.Recovery(); r.LostHeaders != 1 {
			t.Errorf("only %v: %+v", only, r)
		}
		if got, _ := readAll(t, j, number); len(got) > 0 {
			t.Errorf("only %v: %v are read", only, got)
		}
		_ = j.Close()
	}
}
