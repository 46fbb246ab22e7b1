package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// A journal that may take no more says so, and goes on by itself when deliveries have made room.
func TestTheLimitOfTheWholeJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bs := healthy("a")
		bs["a"].Script(dead(errDown))
		limited := hub.WithJournalOn(crashfs.New(1), hub.JournalOptions{MaxBytes: 512 << 10})
		r := start(t, bs, toA, limited)
		var err error
		n := 0
		for ; err == nil && n < 10_000; n++ {
			err = r.PutNowait(event(fmt.Sprint(n)))
			settle()
		}
		var full *hub.FullError
		if !errors.As(err, &full) || full.Destination != "" || r.Stats().Journal.DiskBytes > 600<<10 {
			t.Fatalf("after %d: %v: %+v", n, err, r.Stats().Journal)
		}
		put := make(chan error, 1)
		go func() { put <- r.Put(t.Context(), event("waits")) }()
		after(time.Minute)
		select {
		case err := <-put:
			t.Fatalf("Put while there is no room: %v", err)
		default:
		}
		bs["a"].Script(providertest.Script{})
		if err := <-put; err != nil {
			t.Errorf("Put: %v", err)
		}
		r.put(events("more", 1000)...)
		r.flush()
		if got := bs["a"].Stats(); got.Stored != n-1+1+1000 || got.Duplicates != 0 {
			t.Errorf("%d were delivered, %d twice; want %d", got.Stored, got.Duplicates, n+1000)
		}
	})
}

// What is put at once may be more than the whole journal may take: it goes in as there is room.
func TestMoreAtOnceThanTheLimitOfTheJournal(t *testing.T) {
	for name, put := range map[string]func(context.Context, *rig, []hub.Event) error{
		"one PutAll": func(ctx context.Context, r *rig, es []hub.Event) error { _, err := r.PutAll(ctx, es); return err },
		"many callers": func(ctx context.Context, r *rig, es []hub.Event) error {
			var all sync.WaitGroup
			errs := make([]error, len(es))
			for i, e := range es {
				all.Go(func() { errs[i] = r.Put(ctx, e) })
			}
			all.Wait()
			return errors.Join(errs...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bs := healthy("a")
				const limit = 512 << 10
				r := start(t, bs, toA, hub.WithJournalOn(crashfs.New(1), hub.JournalOptions{MaxBytes: limit}))
				for round := range 5 {
					es := events(fmt.Sprint(round), 100)
					for i := range es {
						es[i].Body = strings.Repeat("x", limit/8)
					}
					if err := put(within(t, time.Minute), r, es); err != nil {
						t.Fatalf("%v: %+v", err, r.Stats().Journal)
					}
				}
				r.flush()
				if got := bs["a"].Stats(); got.Stored != 500 || got.Duplicates != 0 {
					t.Errorf("%d were delivered, %d twice", got.Stored, got.Duplicates)
				}
				if got := r.Stats().Journal.DiskBytes; got > limit+64<<10 {
					t.Errorf("%d bytes on disk", got)
				}
			})
		})
	}
}

// An event for which a limited journal would never have room is refused, and those that are just small enough never
// wait for ever.
func TestEventsTooLargeForTheLimitOfTheJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bs := healthy("a")
		const limit = 256 << 10
		r := start(t, bs, toA, hub.WithJournalOn(crashfs.New(1), hub.JournalOptions{MaxBytes: limit}))
		sized := func(id string, n int) hub.Event {
			e := event(id)
			e.Body = []byte(strings.Repeat("x", n))
			return e
		}
		if err := r.Put(t.Context(), sized("large", limit/4+1)); !errors.Is(err, hub.ErrTooLarge) {
			t.Error(err)
		}
		for i := range 50 {
			if err := r.Put(within(t, time.Minute), sized(fmt.Sprint(i), limit/4-2)); err != nil {
				t.Fatal(i, err)
			}
		}
		r.flush()
	})
}

// A limit below which hardly any event has room is a mistake.
func TestATinyLimitOfTheJournalIsRefused(t *testing.T) {
	for _, limit := range []int64{-1, 1, 256<<10 - 1} {
		limited := hub.WithJournalOn(crashfs.New(1), hub.JournalOptions{MaxBytes: limit})
		_, err := hub.Open(t.Context(), parse(t, toA), hub.WithProviders(providertest.FakeProvider("fake", healthy("a"))), limited)
		if err == nil || !strings.Contains(err.Error(), "256KiB") {
			t.Errorf("%d: %v", limit, err)
		}
	}
}

// A dead letter from before the limit was this low is not replayed: there would never be room for it.
func TestALetterTooLargeForTheLimitOfTheJournalStays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		bs["a"].Script(refusing("bad"))
		r := openOn(t, fs, bs, toA)
		small, large := event("bad-small"), event("bad-large")
		large.Body = []byte(strings.Repeat("x", 65<<10))
		r.put(small, large)
		r.flush()
		bs["a"].Script(providertest.Script{})
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		r = start(t, bs, toA, hub.WithJournalOn(fs, hub.JournalOptions{MaxBytes: 256 << 10}))
		n, err := r.Replay(within(t, time.Minute), hub.DeadFilter{})
		if n != 1 || !errors.Is(err, hub.ErrTooLarge) {
			t.Errorf("%d: %v", n, err)
		}
		if left := r.letters(); len(left) != 1 || left[0].Event.ID != "bad-large" {
			t.Errorf("left: %+v", left)
		}
	})
}
