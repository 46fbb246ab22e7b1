package hub_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// Of what is to be sent again the oldest is dropped first, and stays so when the hub was closed.
func TestDropOldestOfWhatIsSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		failSend(bs["a"])
		const layout = `fake: {p: {address: a, delivery: {backlog: 4KiB, on_full: drop_oldest}}}`
		r := openOn(t, fs, bs, layout)
		es := events("e", 50)
		es[30].Body = strings.Repeat("x", 600) // the only one that is not sent again, and over the limit
		r.putAll(es[:30])
		if s := r.stats("a"); s.BacklogEvents != 30 || s.InFlight != 30 {
			t.Fatalf("%+v", s)
		}
		bs["a"].Script(dead(errDown)) // so that nothing is sent again
		for _, e := range es[30:] {
			r.put(e)
			if s := r.stats("a"); s.BacklogBytes > 4<<10 {
				t.Fatalf("the backlog has %d bytes", s.BacklogBytes)
			}
		}
		dropped := int(r.stats("a").Dropped)
		if dropped == 0 || dropped >= 30 || r.kept()["fake:p@a"] != 50-dropped {
			t.Errorf("%d were dropped", dropped)
		}
		bs["a"].Script(providertest.Script{})
		r = openOn(t, fs, bs, layout)
		r.flush()
		if diff := cmp.Diff(ids(es[dropped:]), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// putAll puts events in one step.
func (r *rig) putAll(es []hub.Event) {
	r.t.Helper()
	if n, err := r.PutAll(r.t.Context(), es); n != len(es) || err != nil {
		r.t.Fatal(n, err)
	}
	settle()
}

// What was in the air while newer events were dropped is dropped when it comes back.
func TestDropOldestOfWhatWasInTheAir(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const layout = `fake: {p: {address: a, delivery: {backlog: 8KiB, batch: 5, window: 4, on_full: drop_oldest, timeout: 10s, retry: {min: 1s, max: 1s}}}}`
		r := open(t, healthy("a"), layout)
		a := r.brokers["a"]
		stallSend(a)
		es := append(events("e", 20), events("n", 200)...)
		r.putAll(es[:20])
		failSend(a)
		a.Cut()
		after(5 * time.Second)
		stallSend(a) // five are in the air, the others wait to be sent again
		after(2 * time.Second)
		n := 20
		for ; r.stats("a").Dropped < 3; n++ {
			r.put(es[n])
			settle()
		}
		a.Script(providertest.Script{})
		a.Cut()
		r.flush()
		if diff := cmp.Diff(ids(es[r.stats("a").Dropped:n]), a.IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// What was dropped leaves a journal with a limit also while the destination cannot even be dialled and has something to be
// sent again.
func TestADestinationThatDropsNeverFillsTheJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bs := healthy("a")
		failSend(bs["a"])
		r := start(t, bs, `fake: {p: {address: a, delivery: {backlog: 300KiB, on_full: drop_oldest, timeout: 10s, retry: {max: 10s}}}}`,
			hub.WithJournalOn(crashfs.New(1), hub.JournalOptions{MaxBytes: 512 << 10}))
		put := func(prefix string, n int) {
			t.Helper()
			for i := range n {
				e := event(fmt.Sprint(prefix, i))
				e.Body = strings.Repeat("x", 1000)
				if err := r.Put(within(t, 10*time.Minute), e); err != nil {
					t.Fatalf("%s: %v: %+v", e.ID, err, r.stats("a"))
				}
			}
		}
		put("e", 270)
		after(time.Minute)
		bs["a"].Script(dead(errDown))
		after(time.Minute)
		put("n", 2000)
	})
}

// No more is dropped than must be, also while dead letters of what is to be sent again are being made.
func TestDropOldestWhileDeadLettersAreMade(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r *rig
		var letters atomic.Int64
		hooks := hub.Hooks{Dead: func(string, hub.DeadLetter) {
			if letters.Add(1) == 1 {
				for _, e := range events("hook", 3) {
					_ = r.PutNowait(e)
				}
			}
		}}
		r = open(t, healthy("a"),
			`fake: {p: {address: a, delivery: {backlog: 64KiB, on_full: drop_oldest, retry: {max: 1s, give_up: 30s}}}}`, hub.WithHooks(hooks))
		failSend(r.brokers["a"])
		n := 3
		for ; r.stats("a").Dropped == 0; n++ {
			r.put(event(fmt.Sprint("e-", n)))
			settle()
		}
		before := r.stats("a").Dropped
		for range 120 {
			after(500 * time.Millisecond)
			now := r.stats("a").Dropped
			if now-before > 5 {
				t.Errorf("%d were dropped at once", now-before)
			}
			before = now
		}
		if s := r.stats("a"); s.DeadLetters < 100 || s.DeadLetters+int(s.Dropped)+s.BacklogEvents != n {
			t.Errorf("of %d events: %+v", n, s)
		}
		seen := map[string]bool{}
		for _, l := range r.letters() {
			if seen[l.Event.ID] {
				t.Fatalf("%s is a dead letter twice", l.Event.ID)
			}
			seen[l.Event.ID] = true
		}
	})
}

// Once the policy is another one nothing is dropped any more.
func TestDropOldestNoMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const layout = `fake: {p: {address: a, delivery: {backlog: %s, on_full: %s, timeout: 1h}}}`
		r := open(t, healthy("a"), fmt.Sprintf(layout, "2KiB", "drop_oldest"))
		stallSend(r.brokers["a"])
		r.putAll(events("e", 5))
		r.put(events("n", 20)...)
		settle()
		before := r.stats("a").Dropped
		if err := r.Reload(t.Context(), parse(t, fmt.Sprintf(layout, "1MiB", "block"))); err != nil {
			t.Fatal(err)
		}
		settle()
		r.brokers["a"].Script(providertest.Script{})
		r.brokers["a"].Cut()
		r.flush()
		if s := r.stats("a"); before == 0 || s.Dropped != before {
			t.Errorf("%d were dropped before, %d after", before, s.Dropped-before)
		}
	})
}

// A destination that halted, since no dead letter could be kept, goes on when what was refused has been dropped.
func TestDropOldestEndsAHalt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 4KiB, dead_letters: 0, on_full: drop_oldest}}}`)
		r.brokers["a"].Script(refusing("bad"))
		r.put(events("bad", 3)...)
		settle()
		if s := r.stats("a"); s.Phase != evbus.Halted {
			t.Fatalf("%+v", s)
		}
		r.put(events("good", 100)...)
		r.flush()
		if s := r.stats("a"); s.Phase == evbus.Halted || s.Delivered == 0 || s.Delivered+s.Dropped != 103 {
			t.Errorf("%+v", s)
		}
	})
}
