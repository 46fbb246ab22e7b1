package hub_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// A receipt that is not complete when the hub closes says so, and the event is delivered by the next hub.
func TestAReceiptThatTheCloseCutsShort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		layout := `fake: [{p: {address: a}}, {p: {address: b}}]`
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, layout)
		tracked, err := r.PutTracked(t.Context(), event("tracked"))
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		go func() {
			receipt, err := r.PutWait(t.Context(), event("waited"))
			if receipt.ID != "waited" || len(receipt.Results) != 2 || receipt.Results[0].State != hub.Pending || receipt.Results[1].State != hub.Delivered {
				t.Errorf("PutWait: %+v", receipt)
			}
			waited <- err
		}()
		settle()
		if diff := cmp.Diff(map[string]int{"fake:p@a": 2}, r.kept()); diff != "" {
			t.Error(diff)
		}
		if err := <-waited; !errors.Is(err, hub.ErrClosed) {
			t.Errorf("PutWait: %v", err)
		}
		receipt, err := tracked.Wait(t.Context())
		if !errors.Is(err, hub.ErrClosed) || receipt.Results[0].State != hub.Pending || receipt.Results[1].State != hub.Delivered {
			t.Errorf("PutTracked: %+v, %v", receipt, err)
		}
		bs["a"].Script(providertest.Script{})
		r = openOn(t, fs, bs, layout)
		r.flush()
		if diff := cmp.Diff([]string{"tracked", "waited"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// Flush waits for what is still on its way to the disk; Sync does not wait for what is put after it.
func TestFlushAndSyncOnASlowDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a")
		r := openOn(t, fs, bs, toA)
		r.put(event("first"))
		fs.takes.Store(int64(time.Second))
		for _, e := range events("staged", 5) {
			if err := r.PutNowait(e); err != nil {
				t.Fatal(err)
			}
		}
		r.flush()
		if diff := cmp.Diff(append([]string{"first"}, ids(events("staged", 5))...), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for ctx.Err() == nil {
				_ = r.PutNowait(event(r.NewID()))
				<-time.After(10 * time.Millisecond)
			}
		}()
		after(time.Second)
		start := time.Now()
		if err := r.Sync(t.Context()); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("Sync: %v after %v, while others put", err, time.Since(start))
		}
		stop()
		<-ended
	})
}

// A Close ends the puts that wait, for room or for the disk: those that were refused never come, the other one does.
func TestCloseWhileOthersPut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a", "b")
		layout := `fake: [{p: {address: a, delivery: {backlog: 1B}}}, {q: {address: b}}]`
		r := openOn(t, fs, bs, layout)
		bs["a"].Script(dead(errDown))
		r.put(event("fills"))
		fs.takes.Store(int64(time.Second))
		forRoom, forDisk, closed := make(chan error, 1), make(chan error, 1), make(chan error, 2)
		go func() { forRoom <- r.Put(t.Context(), event("for-room")) }()
		go func() { forDisk <- r.Put(t.Context(), hub.Event{Profile: "q", ID: "for-disk"}) }()
		settle()
		for range 2 {
			go func() { closed <- r.Close(within(t, 10*time.Second)) }()
		}
		if err := <-forRoom; !errors.Is(err, hub.ErrClosed) {
			t.Errorf("the Put that waits for room: %v", err)
		}
		if err := <-forDisk; err != nil {
			t.Errorf("the Put that waits for the disk: %v", err)
		}
		if err := errors.Join(<-closed, <-closed); err == nil {
			t.Error("Close: nil")
		}
		if err := r.Close(t.Context()); err != nil {
			t.Errorf("Close again: %v", err)
		}
		for name, err := range map[string]error{
			"Put": r.Put(t.Context(), event("late")), "PutNowait": r.PutNowait(event("late")),
			"Reload": r.Reload(t.Context(), parse(t, layout)), "Flush": r.Flush(t.Context()),
		} {
			if !errors.Is(err, hub.ErrClosed) {
				t.Errorf("%s after Close: %v", name, err)
			}
		}
		if err := r.Sync(t.Context()); err != nil {
			t.Errorf("Sync after Close: %v; all is on disk", err)
		}
		_ = r.Stats()
		bs["a"].Script(providertest.Script{})
		r = openOn(t, fs, bs, layout)
		r.flush()
		if diff := cmp.Diff([]string{"fills"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"for-disk"}, bs["b"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// After a kill at most what was in the air comes twice; after a power cut what was acknowledged in the last tenth of a
// second in addition.
func TestDuplicatesAreBounded(t *testing.T) {
	for name, end := range map[string]func(*crashfs.FS) *crashfs.FS{"kill": (*crashfs.FS).Kill, "power cut": (*crashfs.FS).Crash} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				const batch, window, perSecond = 10, 3, 1000
				fs, bs := crashfs.New(1), healthy("a")
				layout := `fake: {p: {address: a, delivery: {batch: 10, window: 3}}}`
				bs["a"].Script(providertest.Script{OnWait: slow(time.Second * batch / perSecond)})
				r := openOn(t, fs, bs, layout)
				if _, err := r.PutAll(t.Context(), events("e", 3000)); err != nil {
					t.Fatal(err)
				}
				after(1234 * time.Millisecond)
				fs = end(fs)
				_ = r.Close(within(t, time.Nanosecond))
				r = openOn(t, fs, bs, layout)
				r.flush()
				most := batch * window
				if name == "power cut" {
					most += perSecond / 10
				}
				if got := bs["a"].Stats().Duplicates; got == 0 || got > most {
					t.Errorf("%d came twice, the most is %d", got, most)
				}
				if got := firsts(bs["a"]); !cmp.Equal(got, ids(events("e", 3000))) {
					t.Errorf("%d arrived, or not in order", len(got))
				}
			})
		})
	}
}
