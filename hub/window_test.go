package hub

import (
	"log/slog"
	"testing"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// Who reads may be faster than who says that a record is on disk. That does not hide what is not to be had.
func TestAWindowThatIsReadBeforeItIsTold(t *testing.T) {
	j, err := journal.Open("here", journal.Options{FS: crashfs.New(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
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
	defer w.close()
	w.behind = true
	w.unread = evbus.Unread{Events: 1, Bytes: 1000} // of which the journal knows nothing
	if err := j.Append([]journal.Record{{Seq: 1, Destinations: numbers, Data: r.AppendStored(nil)}}); err != nil {
		t.Fatal(err)
	}
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
