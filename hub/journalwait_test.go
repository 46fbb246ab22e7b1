package hub_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// Sync and Flush do not wait for events that were taken back while they waited for the disk.
func TestSyncDoesNotWaitForWhatIsTakenBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a")
		r := openOn(t, fs, bs, toA)
		r.put(event("first"))
		fs.takes.Store(int64(time.Minute))
		if err := r.PutNowait(event("written")); err != nil {
			t.Fatal(err)
		}
		settle()
		put := make(chan error, 1)
		go func() { put <- r.Put(within(t, time.Second), event("taken-back")) }()
		settle()
		start := time.Now()
		if err := r.Sync(within(t, time.Hour)); err != nil {
			t.Errorf("Sync: %v", err)
		}
		if took := time.Since(start); took < 59*time.Second || took > 2*time.Minute {
			t.Errorf("Sync took %v; what was written before took a minute", took)
		}
		if err := <-put; !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, hub.ErrUncertain) {
			t.Errorf("Put: %v", err)
		}
		r.flush()
		if diff := cmp.Diff([]string{"first", "written"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// lookingDisk calls look when somebody lists a directory.
type lookingDisk struct {
	*slowDisk
	look func(name string)
}

func (d lookingDisk) List(name string) ([]disk.Info, error) {
	d.look(name)
	return d.slowDisk.List(name)
}

// A destination that is removed delivers what was accepted for it, also what was on its way to the disk just then.
func TestARemovedDestinationDeliversWhatIsBeingWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r *rig
		slow, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a", "b")
		put := func(name string) {
			if !strings.HasPrefix(name, "dead") || r == nil {
				return
			}
			slow.takes.Store(int64(time.Second))
			for _, id := range []string{"written", "gathered"} { // when the reload is half done
				if err := r.PutNowait(event(id)); err != nil {
					t.Error(err)
				}
			}
		}
		r = openOn(t, lookingDisk{slow, put}, bs, toA)
		r.put(event("first"))
		if err := r.Reload(t.Context(), parse(t, `fake: {p: {address: b}}`)); err != nil {
			t.Fatal(err)
		}
		r.flush()
		if diff := cmp.Diff([]string{"first", "written", "gathered"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// A journal that cannot be read for a while costs nothing that was in flight before.
func TestAReadErrorLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		r := openOn(t, fs, bs, `fake: {p: {address: a, delivery: {memory: 0, batch: 10, retry: {max: 1s}}}}`)
		release := bs["a"].Stall()
		for _, e := range events("e", 100) {
			e.Body = strings.Repeat("x", 20_000) // more in all than who reads takes at a time
			r.put(e)
		}
		settle()
		fs.SetHook(func(op crashfs.Op) crashfs.Fault {
			if op.Kind == crashfs.ReadAt && inLog(op) {
				return crashfs.Fault{Err: syscall.EIO}
			}
			return crashfs.Fault{}
		})
		bs["a"].Script(providertest.Script{OnMessage: outcome(providertest.LoseMessage())})
		bs["a"].Cut()
		release()
		after(time.Minute)
		fs.SetHook(nil)
		bs["a"].Script(providertest.Script{})
		r.flush()
		if s := r.stats("a"); s.BacklogEvents != 0 || s.InFlight != 0 {
			t.Errorf("%+v", s)
		}
	})
}
