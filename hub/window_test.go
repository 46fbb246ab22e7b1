package hub

import (
	"log/slog"
	"testing"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// newTestWindow returns a window of a journal that is empty, and a record that is not in it yet.
func newTestWindow(t *testing.T) (*window, *evbus.Record) {
	t.Helper()
	j, err := journal.Open("here", journal.Options{FS: crashfs.New(1)})
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
	w.push(r)
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
	w.push(r)
	if caughtUp, phantom := w.catchUp(newest); caughtUp || phantom.Events != 0 {
		t.Errorf("catchUp = %v, %+v", caughtUp, phantom)
	}
	if records, lost, err := w.take(nil, 10, 1<<20); len(records) != 1 || lost.Events != 0 || err != nil {
		t.Errorf("take = %d records, %+v, %v", len(records), lost, err)
	}
}
