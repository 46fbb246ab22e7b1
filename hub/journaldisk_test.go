package hub_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// inLog reports whether op is for a file of the log.
func inLog(op crashfs.Op) bool { return strings.HasPrefix(op.Name, "log/") }

// slowDisk is an FS that takes its time to Sync a file of the log.
type slowDisk struct {
	disk.FS
	takes atomic.Int64 // nanoseconds
	syncs atomic.Int64 // how often that was
}

type slowFile struct {
	disk.File
	disk *slowDisk
}

func (d *slowDisk) Create(name string) (disk.File, error) {
	f, err := d.FS.Create(name)
	if err == nil && strings.HasPrefix(name, "log/") {
		f = slowFile{f, d}
	}
	return f, err
}

func (f slowFile) Sync() error {
	f.disk.syncs.Add(1)
	if d := time.Duration(f.disk.takes.Load()); d > 0 {
		<-time.After(d)
	}
	return f.File.Sync()
}

// failing makes writes to the log fail with err for as long as it is true.
func failing(fs *crashfs.FS, err error) *atomic.Bool {
	var on atomic.Bool
	fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		if on.Load() && inLog(op) && (op.Kind == crashfs.WriteAt || op.Kind == crashfs.Sync || op.Kind == crashfs.Create || op.Kind == crashfs.Preallocate) {
			return crashfs.Fault{Err: err}
		}
		return crashfs.Fault{}
	})
	return &on
}

func TestPutWaitsForTheDiskAndPutNowaitDoesNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a")
		r := openOn(t, fs, bs, toA)
		r.put(event("first"))
		fs.takes.Store(int64(time.Second))
		start := time.Now()
		for _, e := range events("nowait", 10) {
			if err := r.PutNowait(e); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("PutNowait took %v", took)
		}
		settle()
		if got := bs["a"].Stats().Stored; got != 1 {
			t.Errorf("%d were delivered before they were on disk", got)
		}
		if err := r.Sync(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < time.Second {
			t.Errorf("Sync took %v", took)
		}
		start = time.Now()
		r.put(event("put"))
		if took := time.Since(start); took < time.Second {
			t.Errorf("Put took %v", took)
		}
		r.flush()
		if diff := cmp.Diff(append(append([]string{"first"}, ids(events("nowait", 10))...), "put"), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// A Put whose context ends while its event is being written does not know; one of which nothing was written does, and is
// not accepted.
func TestUncertainOnlyWhereItIsTrue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a")
		r := openOn(t, fs, bs, toA)
		r.put(event("first"))
		fs.takes.Store(int64(time.Minute))
		written, waiting := make(chan error, 1), make(chan error, 1)
		go func() { written <- r.Put(within(t, time.Second), event("written")) }()
		settle()
		go func() { waiting <- r.Put(within(t, time.Second), event("waiting")) }()
		settle()
		es := append(events("all", 300), event("behind"))
		n, err := r.PutAll(within(t, time.Second), es)
		if n != 0 || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, hub.ErrUncertain) {
			t.Errorf("PutAll = %d, %v", n, err)
		}
		if err := <-written; !errors.Is(err, hub.ErrUncertain) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("being written: %v", err)
		}
		if err := <-waiting; errors.Is(err, hub.ErrUncertain) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("not yet written: %v", err)
		}
		after(time.Hour)
		r.put(event("last"))
		r.flush()
		if diff := cmp.Diff([]string{"first", "written", "last"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		if s := r.stats("a"); s.BacklogEvents != 0 || s.BacklogBytes != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// While the disk is full Put waits, PutNowait fails, and deliveries go on. When there is room again so does everything.
func TestAFullDisk(t *testing.T) {
	for name, cause := range map[string]error{"full": syscall.ENOSPC, "broken": syscall.EIO} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				fs, bs := crashfs.New(1), healthy("a")
				r := openOn(t, fs, bs, toA)
				release := bs["a"].Stall()
				r.put(events("before", 10)...)
				broken := failing(fs, cause)
				broken.Store(true)
				if err := r.PutNowait(event("nowait")); err != nil { // nobody knows yet
					t.Fatal(err)
				}
				after(time.Second)
				err := r.PutNowait(event("refused"))
				var full *hub.FullError
				if !errors.As(err, &full) || full.Destination != "" || !errors.Is(err, cause) {
					t.Errorf("PutNowait: %v", err)
				}
				err = r.Put(within(t, time.Second), event("timed-out"))
				if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, hub.ErrUncertain) || !errors.As(err, &full) {
					t.Errorf("Put: %v", err)
				}
				if s := r.Stats().Journal; s == nil || s.Failure == "" || s.Waiting == 0 {
					t.Errorf("Stats: %+v", s)
				}
				release()
				after(time.Second)
				if got := bs["a"].Stats().Stored; got != 10 {
					t.Errorf("%d of 10 were delivered meanwhile", got)
				}
				put := make(chan error, 1)
				go func() { put <- r.Put(t.Context(), event("waits")) }()
				after(time.Second)
				broken.Store(false)
				start := time.Now()
				if err := <-put; err != nil || time.Since(start) > time.Second {
					t.Errorf("Put: %v after %v", err, time.Since(start))
				}
				r.flush()
				if diff := cmp.Diff(append(ids(events("before", 10)), "nowait", "waits"), bs["a"].IDs()); diff != "" {
					t.Error(diff)
				}
				if s := r.Stats().Journal; s.Failure != "" || s.Waiting != 0 {
					t.Errorf("Stats: %+v", s)
				}
			})
		})
	}
}

// What a broken disk did not take until the deadline is lost, and Close says so.
func TestCloseWithABrokenDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, toA)
		r.put(events("kept", 5)...)
		failing(fs, syscall.EIO).Store(true)
		accepted := 0
		for _, e := range events("lost", 3) {
			switch err := r.PutNowait(e); {
			case err == nil:
				accepted++
			case accepted == 0 || !errors.Is(err, syscall.EIO): // the first does not know yet
				t.Fatal(err)
			}
		}
		put := make(chan error, 1)
		go func() { put <- r.Put(t.Context(), event("uncertain")) }()
		settle()
		err := r.Close(within(t, time.Minute))
		var remaining *hub.RemainingError
		if !errors.As(err, &remaining) || remaining.Kept["fake:p@a"] != 5 || remaining.Lost["fake:p@a"] < accepted {
			t.Errorf("Close: %v", err)
		}
		if err := <-put; err == nil {
			t.Error("Put: nil")
		}
		if err := r.Sync(t.Context()); !errors.Is(err, hub.ErrUncertain) {
			t.Errorf("Sync: %v", err)
		}
		fs.SetHook(nil)
		bs["a"].Script(providertest.Script{})
		r = openOn(t, fs, bs, toA)
		r.flush()
		if got := bs["a"].IDs(); len(got) < 5 || !cmp.Equal(got[:5], ids(events("kept", 5))) {
			t.Errorf("got %v", got)
		}
	})
}
