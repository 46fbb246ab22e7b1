package hub

import (
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// newTestWindow returns a window of a journal that is empty, and a record that is not in it yet.
func newTestWindow(t *testing.T) (*window, *evbus.Record) {
	t.Helper()
	return newTestWindowOn(t, crashfs.New(1))
}

func newTestWindowOn(t *testing.T, fs disk.FS) (*window, *evbus.Record) {
	t.Helper()
	j, err := journal.Open("here", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := j.Assign([]string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	sealer := evbus.NewSealer("run", 0)
	sealer.Overhead = evbus.JournalOverhead
	r, err := sealer.Seal(evbus.Event{ID: "e", Body: 1})
	if err != nil {
		t.Fatal(err)
	}
	r.Seq, r.Destinations = 1, numbers
	w := newWindow(j, numbers[0], slog.Default())
	t.Cleanup(func() {
		w.close()
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, r
}

// write makes r durable, and does not tell w.
func write(t *testing.T, w *window, r *evbus.Record) {
	t.Helper()
	if err := w.journal.Append([]journal.Record{{Seq: r.Seq, Destinations: r.Destinations, Data: r.AppendStored(nil)}}); err != nil {
		t.Fatal(err)
	}
}

// tell tells w that r is on disk.
func tell(w *window, r *evbus.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.push(r, r.Seq)
}

// A group that finds nothing in memory may take more of it, within bounds; one that finds something may not.
func TestAGroupForADestinationThatKeepsUpStaysInMemory(t *testing.T) {
	w, r := newTestWindow(t)
	w.setMemory(10 * r.Size())
	push := func(group uint64, n int) (inMemory int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		before := w.ring.Len()
		for range n {
			w.push(r, group)
		}
		return w.ring.Len() - before
	}
	if n := push(1, 30); n != 30 || w.behind {
		t.Errorf("%d of 30 are in memory", n)
	}
	if n := push(2, 1); n != 0 || !w.behind {
		t.Errorf("%d of the next group are", n)
	}
	other, _ := newTestWindow(t)
	w = other
	w.setMemory(10 * r.Size())
	if n := push(1, 50); n != 10*wholeGroup || !w.behind {
		t.Errorf("%d of 50 are in memory", n)
	}
}

// Who reads may be faster than who says that a record is on disk. That does not hide what is not to be had.
func TestAWindowThatIsReadBeforeItIsTold(t *testing.T) {
	w, r := newTestWindow(t)
	w.behind = true
	w.unread = evbus.Unread{Events: 1, Bytes: 1000} // of which the journal knows nothing
	write(t, w, r)
	var got []*evbus.Record
	var lost evbus.Lost
	take := func() {
		t.Helper()
		records, more, err := w.take(nil, 10, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		got, lost = append(got, records...), lost.Plus(more)
	}
	take()
	take()
	tell(w, r)
	take()
	if len(got) != 1 || lost != (evbus.Lost{Events: 1, Bytes: 1000}) {
		t.Errorf("got %d, lost %+v", len(got), lost)
	}
	if u := w.waiting(); u.Events != 0 || u.Bytes != 0 {
		t.Errorf("unread: %+v", u)
	}
}

// A record that comes when nothing more was found, and before that is noted, is not passed over.
func TestAWindowThatIsToldWhileItIsRead(t *testing.T) {
	w, r := newTestWindow(t)
	w.behind, w.reader = true, w.journal.Reader(w.number)
	newest := w.newestSeq()
	write(t, w, r)
	tell(w, r)
	if caughtUp, phantom := w.catchUp(newest); caughtUp || phantom.Events != 0 {
		t.Errorf("catchUp = %v, %+v", caughtUp, phantom)
	}
	if records, lost, err := w.take(nil, 10, 1<<20); len(records) != 1 || lost.Events != 0 || err != nil {
		t.Errorf("take = %d records, %+v, %v", len(records), lost, err)
	}
}

// What was the newest record is asked before the disk is, or one that comes in between would count as read.
func TestTheNewestIsAskedBeforeTheDisk(t *testing.T) {
	w, r := newTestWindow(t)
	var once sync.Once
	a := &ahead{
		reader: w.journal.Reader(w.number), parser: w.parser, pages: newPages(), logger: w.logger,
		newest: func() uint64 {
			once.Do(func() {
				write(t, w, r)
				tell(w, r)
			})
			return w.newestSeq()
		},
	}
	a.start(0)
	defer a.reader.Close()
	defer a.end()
	if p := <-a.ready; len(p.entries) != 1 {
		t.Errorf("%d entries, though the newest known is %d", len(p.entries), p.newest)
	}
}

// Who closes a window waits for what reads ahead.
func TestClosingAWindowEndsReading(t *testing.T) {
	for range 100 {
		w, r := newTestWindow(t)
		write(t, w, r)
		w.readAhead()
		a := w.ahead
		w.close()
		select {
		case <-a.ended:
		default:
			t.Fatal("it still reads")
		}
	}
}

// badDisk fails what is read of segments that are read again, as long as bad is set.
type badDisk struct {
	disk.FS
	bad *bool
}

type badFile struct {
	disk.File
	bad *bool
}

func (d badDisk) OpenRead(name string) (disk.File, error) {
	f, err := d.FS.OpenRead(name)
	return badFile{f, d.bad}, err
}

var errBadDisk = errors.New("the disk cannot be read")

func (f badFile) ReadAt(b []byte, at int64) (int, error) {
	if *f.bad {
		return 0, errBadDisk
	}
	return f.File.ReadAt(b, at)
}

// A disk that cannot be read for a while loses nothing.
func TestADiskThatCannotBeReadForAWhile(t *testing.T) {
	bad := false
	w, r := newTestWindowOn(t, badDisk{crashfs.New(1), &bad})
	w.memory, w.behind = 0, true
	write(t, w, r)
	tell(w, r)
	bad = true
	for range 2 {
		if records, lost, err := w.take(nil, 10, 1<<20); len(records) != 0 || lost.Events != 0 || !errors.Is(err, errBadDisk) {
			t.Fatalf("take = %d records, %+v, %v", len(records), lost, err)
		}
	}
	bad = false
	if records, lost, err := w.take(nil, 10, 1<<20); len(records) != 1 || lost.Events != 0 || err != nil {
		t.Errorf("take = %d records, %+v, %v", len(records), lost, err)
	}
}

// What was stored and is no event counts as lost, and those around it are read.
func TestAnEntryThatIsNoEvent(t *testing.T) {
	w, r := newTestWindow(t)
	w.memory, w.behind = 0, true
	for seq := uint64(1); seq <= 3; seq++ {
		one := *r
		one.Seq = seq
		data := one.AppendStored(nil)
		if seq == 2 {
			data[0] = 0xff
		}
		if err := w.journal.Append([]journal.Record{{Seq: seq, Destinations: one.Destinations, Data: data}}); err != nil {
			t.Fatal(err)
		}
		tell(w, &one)
	}
	records, lost, err := w.take(nil, 10, 1<<20)
	if len(records) != 2 || lost.Events != 1 || lost.Bytes != r.Size() || err != nil {
		t.Errorf("take = %d records, %+v, %v", len(records), lost, err)
	}
	w.ack(3)
	if u := w.waiting(); u.Events != 0 || u.Bytes != 0 || w.done.Events != 3 {
		t.Errorf("unread %+v, done %+v", u, w.done)
	}
}

// What is lost is told with what comes behind it, or alone: whoever settles what came before does not pass it.
func TestALossIsNotToldWithWhatCameBefore(t *testing.T) {
	w, r := newTestWindow(t)
	w.behind = true
	w.unread = evbus.Unread{Events: 2, Bytes: r.Size() + evbus.JournalOverhead + 100}
	w.newest = 2
	w.reader = w.journal.Reader(w.number)
	w.ahead = &ahead{ready: make(chan *page, 3), stop: make(chan struct{}), ended: make(chan struct{})}
	close(w.ahead.ended)
	w.ahead.ready <- &page{entries: make([]journal.Entry, 1), records: []*evbus.Record{r}}
	w.ahead.ready <- &page{gone: journal.Totals{Events: 1, Bytes: 100}}
	w.ahead.ready <- &page{newest: 2}
	if records, lost, err := w.take(nil, 10, 1<<20); len(records) != 1 || lost.Events != 0 || err != nil {
		t.Errorf("take = %d records, %+v, %v", len(records), lost, err)
	}
	if records, lost, err := w.take(nil, 10, 1<<20); len(records) != 0 || lost.Events != 1 || err != nil {
		t.Errorf("take = %d records, %+v, %v", len(records), lost, err)
	}
	if w.behind || w.served.Len() == 0 {
		t.Error("it has not caught up")
	}
}
