package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

func TestReceiptHasEachState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("delivered", "retried", "dead", "dropped", "pending"), `fake:
- p: {address: delivered}
- p: {address: retried}
- p: {address: dead}
- p: {address: dropped, delivery: {backlog: 1B, on_full: drop_newest}}
- p: {address: pending}
`)
		r.brokers["dropped"].Stall()
		r.put(event("first"))
		settle()
		r.brokers["retried"].Once("e", providertest.Fail(), providertest.LoseMessage())
		r.brokers["dead"].Once("e", providertest.Refuse())
		r.brokers["pending"].Script(providertest.Script{OnMessage: outcome(providertest.Fail())})

		receipt, err := r.PutWait(within(t, time.Minute), event("e"))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("PutWait: %v", err)
		}
		want := hub.Receipt{ID: "e", Results: []hub.Result{
			{Destination: "fake:p@delivered", State: hub.Delivered, Attempts: 1},
			{Destination: "fake:p@retried", State: hub.Delivered, Attempts: 3},
			{Destination: "fake:p@dead", State: hub.Dead, Attempts: 1, Err: cmpopts.AnyError},
			{Destination: "fake:p@dropped", State: hub.Dropped},
			{Destination: "fake:p@pending", State: hub.Pending, Err: cmpopts.AnyError},
		}}
		if receipt.Results[4].Attempts < 3 {
			t.Errorf("pending after %d attempts", receipt.Results[4].Attempts)
		}
		receipt.Results[4].Attempts = 0
		if diff := cmp.Diff(want, receipt, cmpopts.EquateErrors()); diff != "" {
			t.Errorf("receipt (-want +got):\n%s", diff)
		}
		text := fmt.Sprint(receipt.Err())
		for _, want := range []string{"fake:p@dead: dead: the fake broker refuses", "fake:p@dropped: dropped", "fake:p@pending: pending: the fake broker fails"} {
			if !strings.Contains(text, want) {
				t.Errorf("Err %q does not say %q", text, want)
			}
		}
	})
}

func TestReceiptOfAnEventThatNobodyWants(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {q: {address: a}}`)
		receipt, err := r.PutWait(t.Context(), event("e"))
		if err != nil || receipt.ID != "e" || len(receipt.Results) != 0 || receipt.Err() != nil {
			t.Errorf("%+v, %v", receipt, err)
		}
	})
}

func TestTrackedEventsAreOnTheirWayTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		r.brokers["a"].Script(providertest.Script{OnWait: slow(time.Second)})
		start := time.Now()
		var tracked []*hub.Tracked
		for _, e := range events("e", 100) {
			w, err := r.PutTracked(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			tracked = append(tracked, w)
		}
		for i, w := range tracked {
			receipt, err := w.Wait(t.Context())
			if err != nil || receipt.ID != fmt.Sprintf("e-%d", i) || receipt.Results[0].State != hub.Delivered {
				t.Fatalf("%+v, %v", receipt, err)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("a hundred receipts took %v", took)
		}
	})
}

func TestTrackedEndsWithTheHub(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		r.brokers["a"].Script(dead(errDown))
		tracked, err := r.PutTracked(t.Context(), event("e"))
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close(within(t, time.Second))
		receipt, err := tracked.Wait(t.Context())
		if !errors.Is(err, hub.ErrClosed) || receipt.Results[0].State != hub.Pending {
			t.Errorf("%+v, %v", receipt, err)
		}
	})
}

// What a receipt says, Stats says too by then, however long the hooks take.
func TestStatsAreNotBehindAReceipt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`, hub.WithHooks(hub.Hooks{
			Delivered: func(string, int, int64) { <-time.After(time.Second) },
			Dead:      func(string, hub.DeadLetter) { <-time.After(time.Second) },
		}))
		r.brokers["a"].Script(refusing("dead"))
		for i, id := range []string{"delivered", "dead"} {
			if _, err := r.PutWait(t.Context(), event(id)); err != nil {
				t.Fatal(err)
			}
			if s := r.stats("a"); s.BacklogEvents > 0 || s.Delivered+s.Refused != int64(i+1) {
				t.Errorf("after the receipt of %s: %+v", id, s)
			}
		}
	})
}

func TestReceiptsOfAFlightOfWhichSomeFail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {linger: 1s}}}`)
		r.brokers["a"].Once("e-2", providertest.Refuse())
		r.brokers["a"].Once("e-4", providertest.Fail())
		r.put(event("dials"))
		settle()
		var tracked []*hub.Tracked
		for _, e := range events("e", 6) {
			w, err := r.PutTracked(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			tracked = append(tracked, w)
		}
		want := []string{"delivered 1", "delivered 1", "dead 1", "delivered 1", "delivered 2", "delivered 2"}
		var got []string
		for _, w := range tracked {
			receipt, err := w.Wait(within(t, time.Minute))
			if err != nil {
				t.Errorf("%+v, %v", receipt, err)
			}
			got = append(got, fmt.Sprint(receipt.Results[0].State, " ", receipt.Results[0].Attempts))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// PutAllTracked gives a receipt for each event, with a journal and without.
func TestPutAllTracked(t *testing.T) {
	for name, opts := range map[string][]hub.Option{
		"in memory": nil, "on a journal": {hub.WithJournalOn(crashfs.New(1), small)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bs := healthy("a")
				bs["a"].Script(refusing("bad"))
				r := open(t, bs, toA, opts...)
				es := append(events("good", 300), events("bad", 2)...)
				tracked, err := r.PutAllTracked(t.Context(), append(es, hub.Event{Profile: "nobody", ID: "x"}, hub.Event{ID: "not possible"}))
				if len(tracked) != 303 || !errors.Is(err, hub.ErrEncode) {
					t.Fatalf("%d, %v", len(tracked), err)
				}
				for i, w := range tracked {
					receipt, err := w.Wait(t.Context())
					wrong := err != nil || receipt.ID != append(ids(es), "x")[i]
					switch {
					case i < 300:
						wrong = wrong || receipt.Results[0].State != hub.Delivered
					case i < 302:
						wrong = wrong || receipt.Results[0].State != hub.Dead
					default:
						wrong = wrong || len(receipt.Results) != 0
					}
					if wrong {
						t.Errorf("%d: %+v, %v", i, receipt, err)
					}
				}
			})
		})
	}
}
