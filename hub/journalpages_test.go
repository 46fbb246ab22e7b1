package hub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// bodyOf is the body of an event of that id: more than fits into a page, with few of them.
func bodyOf(id string) []byte { return bytes.Repeat([]byte(id+";"), 80+len(id)%7) }

// The memory of what was read from disk is used again, and not before everyone is done with it: whoever waits for an
// answer, whatever is sent again, and dead letters.
func TestWhatWasReadFromDiskStaysAsItIs(t *testing.T) {
	for _, memory := range []string{"0", "4MiB"} {
		t.Run(memory, func(t *testing.T) { bubble(t, func(t *testing.T) { staysAsItIs(t, memory) }) })
	}
}

func staysAsItIs(t *testing.T, memory string) {
	const n = 8000
	fs, bs := crashfs.New(1), healthy("a")
	bs["a"].Script(dead(errDown))
	layout := fmt.Sprintf(`fake: {p: {address: a, format: raw, delivery: {memory: %s, batch: 37, window: 9}}}`, memory)
	r := openOn(t, fs, bs, layout)
	var es []hub.Event
	for i := range n {
		id := fmt.Sprintf("event-%d", i)
		es = append(es, hub.Event{Profile: "p", ID: id, Key: "key of " + id, Body: bodyOf(id)})
	}
	if _, err := r.PutAll(t.Context(), es); err != nil {
		t.Fatal(err)
	}
	var flights atomic.Int64
	bs["a"].Script(providertest.Script{
		OnMessage: func(m providers.Message) providertest.Outcome {
			if m.Seq%101 == 0 {
				return providertest.Refuse()
			}
			return providertest.Outcome{}
		},
		OnWait: func(_ context.Context, ms []providers.Message) error {
			for i := range ms {
				if m := &ms[i]; !bytes.Equal(m.Body, bodyOf(m.ID)) || m.Key != "key of "+m.ID || m.Profile != "p" {
					t.Errorf("while it is in the air, event %s has key %s, profile %s and body %.20q", m.ID, m.Key, m.Profile, m.Body)
				}
			}
			if flights.Add(1)%10 == 0 {
				return errors.New("the answer is lost")
			}
			return nil
		},
	})
	r.flush()
	seen := map[string]bool{}
	check := func(id string, body []byte) {
		seen[id] = true
		if !bytes.Equal(body, bodyOf(id)) {
			t.Errorf("event %s has the body %.20q", id, body)
		}
	}
	for _, m := range bs["a"].Stored() {
		check(m.ID, m.Body)
	}
	letters := 0
	for l, err := range r.DeadLetters(hub.DeadFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		letters++
		check(l.Event.ID, l.Event.Body.([]byte))
	}
	if len(seen) != n || letters != n/101 {
		t.Errorf("%d events were seen, %d of them dead letters; want %d, %d", len(seen), letters, n, n/101)
	}
}

// What a destination has read ahead when it stops is read again by the next hub.
func TestWhatWasReadAheadIsNotLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		bs["a"].Script(dead(errDown))
		layout := `fake: {p: {address: a, delivery: {memory: 0, batch: 5, window: 2}}}`
		r := openOn(t, fs, bs, layout)
		es := events("e", 500)
		if _, err := r.PutAll(t.Context(), es); err != nil {
			t.Fatal(err)
		}
		bs["a"].Script(unanswered())
		after(time.Minute) // some are in the air, and more are read ahead
		if kept := r.kept(); len(kept) != 1 {
			t.Fatalf("kept %v", kept)
		}
		bs["a"].Script(providertest.Script{})
		again := openOn(t, fs, bs, layout)
		again.flush()
		if got := firsts(bs["a"]); len(got) != len(es) {
			t.Errorf("%d events of %d arrived", len(got), len(es))
		}
	})
}

// A page that ends with what is no event is not used again before that is told of, though all its events have arrived.
func TestAPageThatEndsWithWhatIsNoEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 5
		fs, bs := crashfs.New(1), healthy("a")
		bs["a"].Script(dead(errDown))
		layout := `fake: {p: {address: a, delivery: {memory: 0, batch: 5, window: 1}}}`
		r := openOn(t, fs, bs, layout)
		r.put(events("e", n)...)
		_ = r.kept()
		appendNoEvents(t, fs, 2)
		bs["a"].Script(providertest.Script{})
		r = openOn(t, fs, bs, layout)
		r.flush()
		if diff := cmp.Diff(ids(events("e", n)), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		if s := r.stats("a"); s.Lost != 2 || s.BacklogEvents != 0 || s.BacklogBytes != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// appendNoEvents writes n entries that are no events to the journal on fs, for its only destination.
func appendNoEvents(t *testing.T, fs *crashfs.FS, n int) {
	t.Helper()
	j, err := journal.Open("here", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	d := j.Destinations()[0]
	for i := range n {
		seq := d.Newest + 1 + uint64(i)
		if err := j.Append([]journal.Record{{Seq: seq, Destinations: []uint32{d.Number}, Data: []byte("\xffno event")}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
