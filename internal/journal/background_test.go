package journal_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// Everything at once, on a real disk: appending, three destinations that read and settle, saving and making room.
func TestAllAtOnce(t *testing.T) {
	const count = 3000
	dir := t.TempDir()
	o := journal.Options{SegmentBytes: 16 << 10, SaveEvery: time.Millisecond, Logger: silent}
	j, err := journal.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	n := assign(t, j, "a", "b", "c")
	var all sync.WaitGroup
	all.Go(func() {
		for seq := uint64(1); seq <= count; seq += 10 {
			if err := j.Append(records(seq, 10, n...)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for _, number := range n {
		all.Go(func() { drain(t, j, number, count) })
	}
	all.Go(func() {
		for j.Cursor(n[0]).Seq < count && !t.Failed() {
			if err := j.Compact(); err != nil {
				t.Error(err)
			}
			j.Stats()
			j.Destinations()
		}
	})
	all.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, err = journal.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if !j.Recovery().Clean() || j.Cursor(n[2]).Events != count {
		t.Errorf("%+v, %+v", j.Recovery(), j.Cursor(n[2]))
	}
}

// drain reads and settles everything, in order.
func drain(t *testing.T, j *journal.Journal, number uint32, count uint64) {
	r := j.Reader(number)
	defer r.Close()
	done := j.Cursor(number)
	for done.Seq < count && !t.Failed() {
		es, lost, err := r.Read(nil, 50, 1<<20)
		if err != nil || lost != (journal.Totals{}) {
			t.Errorf("number %d: %v, lost %v", number, err, lost)
		}
		for _, e := range es {
			if e.Seq != done.Seq+1 || string(e.Data) != string(data(e.Seq)) {
				t.Errorf("number %d: record %d after %d: %q", number, e.Seq, done.Seq, e.Data)
				return
			}
			done = journal.Cursor{Seq: e.Seq, Totals: done.Plus(journal.Totals{Events: 1, Bytes: uint64(len(e.Data))})}
		}
		j.Ack(number, done)
	}
}

// A cursor is on disk within SaveEvery, and what it needs no more goes then.
func TestTheSaverSaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := crashfs.New(1)
		background := func(o *journal.Options) { o.SaveEvery = 100 * time.Millisecond }
		j := open(t, fs, background)
		n := assign(t, j, "a")
		appendAll(t, j, records(1, 300, n...))
		segments := j.Stats().Segments
		ack(j, n[0], 250)
		time.Sleep(99 * time.Millisecond) //nolint:forbidigo // the time of a bubble
		if j.Stats().Segments != segments {
			t.Error("segments went before the cursor was saved")
		}
		time.Sleep(2 * time.Millisecond) //nolint:forbidigo // the time of a bubble
		synctest.Wait()
		if j.Stats().Segments >= segments {
			t.Error("segments stay")
		}
		fs = fs.Crash()
		_ = j.Close()
		j = open(t, fs)
		defer j.Close()
		expect(t, j, n[0], seqs(251, 300))
	})
}

// Without a call, what keeps little is rewritten after a while, but not what a destination is reading its way through.
func TestTheCompactorCompacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := open(t, crashfs.New(1), func(o *journal.Options) { o.SaveEvery = 100 * time.Millisecond })
		defer j.Close()
		n := assign(t, j, "alive", "dead")
		second := mixed(t, j, 1000, n)
		for seq := uint64(5); seq <= 1000; seq += 5 {
			ack(j, n[0], seq)
			time.Sleep(time.Second / 10) //nolint:forbidigo // the time of a bubble
		}
		if got := j.Stats().Compactions; got == 0 || got > 40 {
			t.Errorf("%d compactions while it was drained", got)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the time of a bubble
		if s := j.Stats(); s.Segments > 5 {
			t.Errorf("%+v", s)
		}
		expect(t, j, n[1], second)
	})
}
