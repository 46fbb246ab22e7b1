package evbus

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func storable(t *testing.T) []*Record {
	t.Helper()
	sealer := NewSealer("run", 0)
	sealer.Overhead = JournalOverhead
	var all []*Record
	for _, e := range []Event{
		{Body: "x"},
		{
			Profile: "idem-status", Body: json.RawMessage(`{"b": 1, "a": 1e400}`), Tags: json.RawMessage(`{"z": 1, "a": [2]}`),
			RunName: "r\u00e9", Key: "k\x00\n", ID: "id-1", TraceParent: "00-1-2-01",
			Time: time.Date(1, 2, 3, 4, 5, 6, 7, time.FixedZone("x", 3600)),
		},
		{Body: []byte{0, 255, 10}, Profile: strings.Repeat("p", 1000)},
		{Body: []byte{}},
		{Body: strings.Repeat("x", 70_000), Time: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		r, err := sealer.Seal(e)
		if err != nil {
			t.Fatal(err)
		}
		r.Seq = uint64(len(all) + 7)
		all = append(all, r)
	}
	return all
}

func TestAStoredRecordComesBackAsItWas(t *testing.T) {
	p := StoredParser{Overhead: JournalOverhead}
	for _, want := range storable(t) {
		b := want.AppendStored([]byte("before"))[len("before"):]
		if len(b) != want.StoredSize() {
			t.Errorf("StoredSize() = %d, stored %d bytes", want.StoredSize(), len(b))
		}
		got, err := p.Parse(want.Seq, b)
		if err != nil {
			t.Fatal(err)
		}
		opts := cmp.Options{cmp.AllowUnexported(Record{}), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(want, got, opts); diff != "" {
			t.Error(diff)
		}
	}
}

// What a later version adds is passed over.
func TestAnUnknownFieldIsPassedOver(t *testing.T) {
	r := storable(t)[0]
	b := append(r.AppendStored(nil), 15<<3|2, 1, 'x', 14<<3, 5)
	p := StoredParser{}
	if got, err := p.Parse(1, b); err != nil || got.ID != r.ID {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatIsNoRecordIsRefused(t *testing.T) {
	p := StoredParser{}
	whole := storable(t)[1].AppendStored(nil)
	for n := range whole {
		if _, err := p.Parse(1, whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a record", n, len(whole))
		}
	}
}

func FuzzParseStored(f *testing.F) {
	sealer := NewSealer("run", 0)
	r, _ := sealer.Seal(Event{Body: 1, Key: "k"})
	f.Add(r.AppendStored(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p := StoredParser{}
		r, err := p.Parse(1, b)
		if err != nil {
			return
		}
		again, err := p.Parse(1, r.AppendStored(nil))
		if err != nil || again.ID != r.ID || string(again.Data) != string(r.Data) || string(again.Tags) != string(r.Tags) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}

func TestAStoredLetterComesBackAsItWas(t *testing.T) {
	for _, r := range storable(t) {
		want := &Letter{Key: 9, Record: r, Reason: "no\nway", Attempts: 3, Time: time.Unix(7, 8)}
		got, err := ParseLetter(9, want.AppendStored(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Record{}), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzParseLetter(f *testing.F) {
	sealer := NewSealer("run", 0)
	r, _ := sealer.Seal(Event{Body: 1})
	f.Add((&Letter{Record: r, Reason: "x", Attempts: 1}).AppendStored(nil))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = ParseLetter(1, b) })
}
