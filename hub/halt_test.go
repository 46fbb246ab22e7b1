package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/providertest"
)

func TestFullDeadLettersHaltTheDestination(t *testing.T) {
	for name, free := range map[string]func(r *rig, f hub.DeadFilter) (int, error){
		"until discard": func(r *rig, f hub.DeadFilter) (int, error) { return r.Discard(f) },
		"until replay":  func(r *rig, f hub.DeadFilter) (int, error) { return r.Replay(within(r.t, time.Minute), f) },
		"until reload": func(r *rig, _ hub.DeadFilter) (int, error) {
			return 1, r.Reload(r.t.Context(), parse(r.t, `fake: [{p: {address: a}}, {p: {address: b}}]`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a", "b"),
					`fake: [{p: {address: a, delivery: {dead_letters: 1KiB, backlog: 8KiB}}}, {p: {address: b}}]`)
				a := r.brokers["a"]
				a.Script(refusing("bad"))
				r.put(events("bad", 10)...)
				r.put(events("good", 10)...)
				after(time.Hour)
				s := r.stats("a")
				if s.DeadLetters == 0 || s.DeadLetters > inThisPass(3, 9) || s.Phase != "halted" || !strings.Contains(s.LastError, "dead letters are full") {
					t.Errorf("after an hour: %+v", s)
				}
				if s.DeadLetters+int(s.Delivered)+s.BacklogEvents != 20 {
					t.Errorf("events are missing: %+v", s)
				}
				if got := a.Stats().Messages; got > 20 {
					t.Errorf("%d messages were sent: what was refused for good is sent again", got)
				}
				if got := len(r.log.lines("a dead letter cannot be kept")); got == 0 || got > 2 {
					t.Errorf("%d lines say so", got)
				}
				if got := r.brokers["b"].Stats().Stored; got != 20 {
					t.Errorf("the other destination got %d", got)
				}
				a.Script(providertest.Script{})
				discarded := 0
				for range 20 {
					n, err := free(r, hub.DeadFilter{})
					if err != nil {
						t.Fatalf("%d, %v: %+v", n, err, r.stats("a"))
					}
					discarded += n
					after(time.Minute)
				}
				r.flush()
				stored := map[string]bool{}
				for _, id := range a.IDs() {
					stored[id] = true
				}
				for _, l := range r.letters() {
					stored[l.Event.ID] = true
				}
				if name != "until discard" {
					discarded = 0
				}
				if s := r.stats("a"); len(stored)+discarded != 20 || s.BacklogEvents != 0 || s.Phase == "halted" {
					t.Errorf("%d of 20 are accounted for: %+v", len(stored)+discarded, s)
				}
			})
		})
	}
}

// A replay into a backlog that is full because the destination has halted must not wait for room: only the replay
// itself makes some.
func TestReplayAtAHaltedDestinationWithAFullBacklog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {dead_letters: 1KiB, backlog: 2KiB}}}`)
		r.brokers["a"].Script(refusing("bad"))
		for i := 0; r.PutNowait(event(fmt.Sprintf("bad-%d", i))) == nil; i++ {
			settle()
		}
		after(time.Minute)
		r.brokers["a"].Script(providertest.Script{})
		if n, err := r.Replay(within(t, time.Minute), hub.DeadFilter{}); n == 0 || err != nil {
			t.Fatalf("Replay = %d, %v", n, err)
		}
		r.flush()
	})
}

// A replay that pushes out what is oldest tells hooks of it, and they may put an event.
func TestAReplayThatDropsEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake:
  - p: {address: a, delivery: {dead_letters: 4KiB, backlog: 1KiB, on_full: drop_oldest}}
  - p: {address: b}
`, hub.WithErrorEvents())
		r.brokers["a"].Script(refusing("bad"))
		for _, e := range events("bad", 100) {
			r.put(e)
			settle()
		}
		after(time.Minute)
		r.brokers["a"].Script(providertest.Script{})
		before := r.stats("a")
		if _, err := r.Replay(within(t, time.Minute), hub.DeadFilter{}); err != nil {
			t.Fatal(err)
		}
		if dropped := r.stats("a").Dropped; before.Phase != "halted" || dropped == before.Dropped {
			t.Errorf("it dropped %d, and before that: %+v", dropped, before)
		}
	})
}

// A replay that waits for room goes on when the destination halts meanwhile.
func TestAReplayThatWaitsGoesOnWhenTheDestinationHalts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {dead_letters: 1100, backlog: 2KiB}}}`)
		a := r.brokers["a"]
		a.Script(refusing("bad"))
		full := inThisPass(3, 8)
		r.put(events("bad", full)...) // fill the dead letters
		r.flush()
		a.Script(dead(errDown))
		a.Cut()
		for i := full; r.PutNowait(event(fmt.Sprintf("bad-%d", i))) == nil; i++ {
			settle()
		}
		replayed := make(chan error, 1)
		go func() {
			_, err := r.Replay(within(t, time.Hour), hub.DeadFilter{})
			replayed <- err
		}()
		settle()
		a.Script(refusing("bad"))
		if err := <-replayed; err != nil {
			t.Errorf("Replay: %v: %+v", err, r.stats("a"))
		}
		for after(time.Minute); r.stats("a").BacklogEvents > 0; after(time.Minute) {
			if n, err := r.Discard(hub.DeadFilter{}); n == 0 || err != nil {
				t.Fatalf("Discard = %d, %v", n, err)
			}
		}
		if got := r.stats("a").Phase; got == "halted" {
			t.Errorf("with nothing left to do it is %s", got)
		}
	})
}
