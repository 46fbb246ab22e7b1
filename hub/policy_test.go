package hub_test

import (
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/providertest"
)

func TestDropOldestKeepsTheNewest(t *testing.T) {
	for name, stall := range map[string]func(*providertest.Fake){"dial": stallDial, "send": stallSend, "failure": failSend} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var hooked atomic.Int64
				r := open(t, healthy("a", "b"),
					`fake: [{p: {address: a, delivery: {backlog: 3KiB, on_full: drop_oldest, timeout: 1h, batch: 2}}}, {p: {address: b}}]`,
					hub.WithHooks(hub.Hooks{Dropped: func(_ string, n int) { hooked.Add(int64(n)) }}))
				stall(r.brokers["a"])
				es := events("e", 1000)
				for _, e := range es {
					if err := r.PutNowait(e); err != nil {
						t.Fatal(err)
					}
					settle()
					if s := r.stats("a"); s.BacklogBytes > 3<<10 {
						t.Fatalf("the backlog holds %d bytes", s.BacklogBytes)
					}
				}
				s := r.stats("a")
				if s.BacklogEvents+int(s.Dropped) != 1000 || s.BacklogEvents < 5 || hooked.Load() != s.Dropped {
					t.Errorf("%d in the backlog, %d dropped, the hook says %d", s.BacklogEvents, s.Dropped, hooked.Load())
				}
				r.brokers["a"].Script(providertest.Script{})
				r.brokers["a"].Cut()
				after(r.stats("a").Oldest.Sub(r.stats("a").Oldest))
				if !cmp.Equal(r.brokers["b"].IDs(), ids(es)) {
					t.Error("b did not get everything in order")
				}
			})
		})
	}
}

func TestDropOldestDeliversTheNewestInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"),
			`fake: {p: {address: a, delivery: {backlog: 3KiB, on_full: drop_oldest, timeout: 1s, retry: {max: 1s}}}}`)
		stallDial(r.brokers["a"])
		es := events("e", 100)
		r.put(es...)
		r.brokers["a"].Script(providertest.Script{})
		r.flush()
		got := r.brokers["a"].IDs()
		if len(got) < 5 || len(got) > inThisPass(12, 27) || !cmp.Equal(got, ids(es[100-len(got):])) {
			t.Errorf("delivered %v; want the newest in order", got)
		}
	})
}

func TestDropNewestRefusesTheNewcomerForItselfAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"),
			`fake: [{p: {address: a, delivery: {backlog: 1B, on_full: drop_newest}}}, {p: {address: b}}]`)
		release := r.brokers["a"].Stall()
		r.put(event("1"))
		receipt, err := r.PutWait(t.Context(), event("2"))
		if err != nil {
			t.Fatal(err)
		}
		want := []hub.Result{{Destination: "fake:p@a", State: hub.Dropped}, {Destination: "fake:p@b", State: hub.Delivered, Attempts: 1}}
		if diff := cmp.Diff(want, receipt.Results); diff != "" {
			t.Errorf("receipt (-want +got):\n%s", diff)
		}
		release()
		r.flush()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("a got %v", got)
		}
		if s := r.stats("a"); s.Dropped != 1 || s.Delivered != 1 {
			t.Errorf("dropped %d, delivered %d; want 1 and 1", s.Dropped, s.Delivered)
		}
		if s := r.stats("b"); s.Delivered != 2 {
			t.Errorf("b: delivered %d", s.Delivered)
		}
	})
}

func TestEvictionIsOnTheReceipt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 1KiB, on_full: drop_oldest}}}`)
		stallDial(r.brokers["a"])
		tracked, err := r.PutTracked(t.Context(), event("first"))
		if err != nil {
			t.Fatal(err)
		}
		r.put(events("e", 10)...)
		receipt, err := tracked.Wait(t.Context())
		if err != nil || receipt.Results[0].State != hub.Dropped {
			t.Errorf("receipt %+v, %v", receipt, err)
		}
	})
}

// A hook that fires an event is what a user writes first.
func TestAHookMayPut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r *rig
		var told atomic.Int64
		hooks := hub.Hooks{Dropped: func(_ string, n int) {
			if told.Add(1) < 5 {
				_ = r.PutNowait(hub.Event{Profile: "p", ID: "about-a-drop"})
			}
		}}
		r = open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 1KiB, on_full: drop_oldest}}}`, hub.WithHooks(hooks))
		stallDial(r.brokers["a"])
		r.put(events("e", 20)...)
	})
}
