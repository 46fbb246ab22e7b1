//go:build linux

package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
)

// goesOn checks that events are accepted again within a second, by the same process.
func (w *world) goesOn(l *life, limit time.Duration) {
	w.t.Helper()
	before, start := w.acked.Load(), time.Now()
	if !eventually(30*time.Second, func() bool { return w.acked.Load() > before }) {
		w.t.Fatalf("there is room again, and nothing is accepted; it said:\n%s", l.said)
	}
	took := time.Since(start)
	w.t.Logf("accepts again %v after there was room", took.Round(time.Millisecond))
	if took > limit {
		w.t.Errorf("accepts again only after %v, want %v", took, limit)
	}
}

// TestDiskFull fills the disk, with a backlog and with something else (T18, T19): events wait, deliveries go on, nothing is taken twice for
// it, and with room again it accepts within a second or so, without a restart. It is also killed while full.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	seed := seed(t)
	for name, mount := range map[string]func(t *testing.T) *filesystem{
		"tmpfs": func(t *testing.T) *filesystem { return tmpfs(t, form("1m", "8m", "64m")) },
		"ext4":  func(t *testing.T) *filesystem { return ext4(t, form(int64(8), 16, 64)) },
	} {
		if name == "ext4" && !brokers.Full() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := mount(t)
			w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "picky": picky, "rare": down})
			fs.inside(w)
			size := fs.free()
			l := w.fillWithBacklog(fs, size)
			l.kill()
			l = w.live("put", "--ack", "--timeout", "0") // starts on a full disk
			l.feed(random(w.rng.Uint64(), 0), pace{chunk: 50, gap: time.Millisecond})
			pause(500*time.Millisecond, l.ended)
			w.calm()
			w.goesOn(l, 3*time.Second)
			empty := fs.keepFull()
			defer empty()
			if !w.stalls(500*time.Millisecond, time.Minute) {
				t.Fatal("it accepts events without room")
			}
			empty()
			w.goesOn(l, 2*time.Second)
			l.kill()
			o := w.finish(allowed{duplicates: 2 * batch * window})
			t.Logf("proof: seed %d: disk full twice, two kills: %v", seed, o)
		})
	}
}

// fillWithBacklog has events put until what waits for the one that is down fills the disk. What is settled by all others must not.
func (w *world) fillWithBacklog(fs *filesystem, size int64) *life {
	w.t.Helper()
	l := w.live("put", "--ack", "--timeout", "0")
	l.feed(random(w.rng.Uint64(), 0), pace{chunk: 50, gap: time.Millisecond, big: 20_000})
	last, since := int64(-1), time.Now()
	done := eventually(5*time.Minute, func() bool {
		if now := w.moved(); now != last {
			last, since = now, time.Now()
		}
		quiet := time.Since(since)
		return over(l.ended) || quiet > 3*time.Second && w.behind() == 0 || quiet > 20*time.Second
	})
	if over(l.ended) {
		w.t.Fatalf("it ended on a full disk, with code %d; it said:\n%s", l.code, l.said)
	}
	if !done || w.behind() > 0 {
		l.signal(syscall.SIGQUIT) // prints the stacks
		l.await(5 * time.Second)
		w.t.Fatalf("the disk is full, and deliveries do not go on: %s; %d bytes are free; it said:\n%.20000s", w.progress(), fs.free(), l.said)
	}
	own := w.bytesFor(w.station("rare"))
	w.t.Logf("full with %d KiB of events for the one that is down, of %d KiB; %d are free", own>>10, size>>10, fs.free()>>10)
	if own < size/3 {
		w.t.Errorf("the disk of %d KiB is full with %d KiB of events for the one that is down: %s; it said:\n%.20000s",
			size>>10, own>>10, strings.Join(fs.sizes(), ", "), l.said)
	}
	return l
}

// sizes are the files of the journal with their sizes, seen from outside.
func (fs *filesystem) sizes() (sizes []string) {
	_ = filepath.WalkDir(fs.seen, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				sizes = append(sizes, fmt.Sprintf("%s %d", strings.TrimPrefix(path, fs.seen), info.Size()))
			}
		}
		return nil
	})
	return sizes
}

// moved is how much has happened: what was accepted, and what the stations have had.
func (w *world) moved() int64 {
	n := w.acked.Load()
	for _, s := range w.stations {
		n += int64(s.witness.Distinct() + s.refusals())
	}
	return n
}

// bytesFor is how large all accepted events for a station are, roughly.
func (w *world) bytesFor(s *station) (bytes int64) {
	for _, id := range w.oracle.AcceptedIDs() {
		parts := strings.Split(id, "/")
		if n, err := strconv.ParseInt(parts[len(parts)-1], 10, 64); err == nil && s.takes(id) {
			bytes += n
		}
	}
	return bytes
}
