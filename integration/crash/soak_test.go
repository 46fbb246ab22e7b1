//go:build linux

package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// sample is what one process takes at a moment.
type sample struct {
	memory int64 // bytes
	files  int   // open ones and connections
}

// measure takes a sample of a running life, and gives the disk space of its journal too.
func (l *life) measure() (s sample, disk int64) {
	l.world.t.Helper()
	pid := l.cmd.Process.Pid
	s.memory = memoryOf(l.world.t, pid, "VmRSS")
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		l.world.t.Fatal(err)
	}
	s.files = len(files)
	return s, l.world.size()
}

// size is what the journal's files take on disk, in bytes.
func (w *world) size() (bytes int64) {
	_ = filepath.WalkDir(w.dir, func(path string, _ os.DirEntry, err error) error {
		var stat syscall.Stat_t
		if err == nil && syscall.Lstat(path, &stat) == nil { // it may just be gone
			bytes += stat.Blocks * 512
		}
		return nil
	})
	return bytes
}

// TestSoak has stations change their moods at random under load for a long time (T59): memory and open files stay what
// they were, and the disk is given back once all is delivered.
func TestSoak(t *testing.T) {
	t.Parallel()
	seed, start := seed(t), time.Now()
	lasts := soakFor(t, form(4*time.Second, 40*time.Second, 4*time.Hour))
	w := newWorld(t, random(seed, 0), threeStations())
	w.flags = []string{"--journal-segment", "1MiB"}
	l := w.live("put", "--ack", "--timeout", "0")
	load := pace{chunk: 20, gap: form(4*time.Millisecond, 4*time.Millisecond, 40*time.Millisecond), ahead: 20_000, big: 10_000}
	l.feed(random(w.rng.Uint64(), 0), load)
	var early, late sample // the most of the second quarter, and of the last one
	var disk int64
	for elapsed := time.Duration(0); elapsed < lasts; elapsed = time.Since(start) {
		s := w.stations[w.rng.IntN(2)] // steady and moody
		s.become([]mood{steady, moody, down}[w.rng.IntN(3)])
		if w.rng.IntN(20) == 0 {
			l.signal(syscall.SIGSTOP)
			pause(between(w.rng, 0, stationTimeout), l.ended)
			l.signal(syscall.SIGCONT)
		}
		pause(between(w.rng, 0, lasts/40), l.ended)
		if over(l.ended) {
			t.Fatalf("it ended, with code %d; it said:\n%s", l.code, l.said)
		}
		now, size := l.measure()
		disk = max(disk, size)
		switch quarter := 4 * elapsed / lasts; quarter {
		case 1:
			early = sample{max(early.memory, now.memory), max(early.files, now.files)}
		case 3:
			late = sample{max(late.memory, now.memory), max(late.files, now.files)}
		}
	}
	w.calm()
	l.signal(syscall.SIGTERM)
	l.mustEnd(15*time.Second, 0, 4, 5, 130)
	o := w.finish(allowed{duplicates: 30 * batch * window})
	floor := w.size()
	growth := late.memory - early.memory
	if early == (sample{}) || late == (sample{}) {
		t.Log("too short for two samples to compare")
		late, growth = early, 0
	}
	if most := int64(16<<20) + int64(lasts.Hours()*(1<<20)); growth > most {
		t.Errorf("the memory has grown from %d to %d bytes", early.memory, late.memory)
	}
	if late.files > early.files+8 {
		t.Errorf("open files have grown from %d to %d", early.files, late.files)
	}
	if most := int64(4 << 20); floor > most+lettersSize(w) {
		t.Errorf("all is delivered, and the journal takes %d bytes; want at most %d beside dead letters", floor, most)
	}
	t.Logf("proof: seed %d: %v of random faults: %v; memory %+d KiB, %d files at most, disk %d KiB at most and %d KiB in the end",
		seed, lasts, o, growth>>10, late.files, disk>>10, floor>>10)
}

// lettersSize is what the dead letters take, in bytes.
func lettersSize(w *world) (bytes int64) {
	for _, path := range w.files() {
		if info, err := os.Stat(filepath.Join(w.dir, path)); err == nil && inLetters(path) {
			bytes += info.Size()
		}
	}
	return bytes
}
