package hub_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers"
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
			if err := r.Put(within(t, time.Minute), sized(fmt.Sprint(i), limit/4-200)); err != nil {
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
		small, large, later := event("bad-small"), event("bad-large"), event("bad-later")
		large.Body = []byte(strings.Repeat("x", 65<<10))
		r.put(small, large, later)
		r.flush()
		bs["a"].Script(providertest.Script{})
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		r = start(t, bs, toA, hub.WithJournalOn(fs, hub.JournalOptions{MaxBytes: 256 << 10}))
		n, err := r.Replay(within(t, time.Minute), hub.DeadFilter{})
		if n != 2 || !errors.Is(err, hub.ErrTooLarge) || !strings.Contains(err.Error(), "bad-large") {
			t.Errorf("%d: %v", n, err)
		}
		if left := r.letters(); len(left) != 1 || left[0].Event.ID != "bad-large" {
			t.Errorf("left: %+v", left)
		}
	})
}

// An event that tells of a failure has the tags of the one that failed: it is left out where there would never be room.
func TestErrorEventsTooLargeForTheLimitOfTheJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		const layout = `fake: [{p: {address: a}}, {p: {address: b}}]`
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, layout)
		e := event("bad")
		e.Tags = map[string]any{"x": strings.Repeat("x", 400<<10)}
		r.put(e)
		_ = r.kept()
		bs["a"].Script(refusing("bad"))
		r = start(t, bs, layout, hub.WithJournalOn(fs, hub.JournalOptions{MaxBytes: 256 << 10}), hub.WithErrorEvents())
		after(time.Minute)
		if err := r.Put(within(t, time.Hour), event("next")); err != nil {
			t.Errorf("%v: %+v", err, r.Stats().Journal)
		}
	})
}

// Small events for many destinations take most of their room for the destinations.
func TestManyDestinationsAndTheLimitOfTheJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bs, layout := brokers{}, "fake:\n"
		for i := range 400 {
			name := fmt.Sprint("b", i)
			bs[name] = acked(providers.Full)
			layout += fmt.Sprintf("  - p: {address: %s}\n", name)
		}
		r := start(t, bs, layout, hub.WithJournalOn(crashfs.New(1), hub.JournalOptions{MaxBytes: 512 << 10}))
		es := make([]hub.Event, 3000)
		for i := range es {
			es[i] = hub.Event{Profile: "p", Body: 1}
		}
		if n, err := r.PutAll(within(t, time.Hour), es); err != nil {
			t.Errorf("%d of 3000: %v: %+v", n, err, r.Stats().Journal)
		}
	})
}

// What a segment says of the destinations must have room, too.
func TestTooManyDestinationsForTheLimitOfTheJournal(t *testing.T) {
	bs, layout := healthy("a"), "fake:\n"
	for i := range 300 {
		layout += fmt.Sprintf("  - p%d: {address: a}\n", i)
	}
	limited := hub.WithJournalOn(crashfs.New(1), hub.JournalOptions{MaxBytes: 256 << 10})
	_, err := hub.Open(t.Context(), parse(t, layout), hub.WithProviders(providertest.FakeProvider("fake", bs)), limited)
	if err == nil || !strings.Contains(err.Error(), "300 destinations: allow at least 300KiB") {
		t.Error(err)
	}
}

// What an offer is thought to take is never less than what it takes.
func TestJournalSizeIsEnough(t *testing.T) {
	sealer := evbus.NewSealer("run", 0)
	sealer.Overhead = evbus.JournalOverhead
	for _, body := range []int{0, 1, 7, 600, 70_000} {
		for _, n := range []int{1, 2, 200, 5000} {
			numbers := make([]uint32, n)
			for i := range numbers {
				numbers[i] = math.MaxUint32 - uint32(n-i)
			}
			r, err := sealer.Seal(evbus.Event{Body: make([]byte, body)})
			if err != nil {
				t.Fatal(err)
			}
			frame := journal.FrameSize(numbers, int(r.Size()-evbus.JournalOverhead))
			if size := hub.JournalSize(r, n); size < frame {
				t.Errorf("%d bytes for %d destinations: %d are reckoned, %d taken", body, n, size, frame)
			}
		}
	}
}
