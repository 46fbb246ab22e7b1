//go:build linux

package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFileSizeLimit has the system refuse files above a size (T21, EFBIG): the journal goes on in other files.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("a limit needs prlimit")
	}
	seed := seed(t)
	w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "rare": down})
	w.via = []string{"prlimit", "--fsize=200000"}
	w.flags = []string{"--journal-segment", "1MiB"}
	l := w.live("put", "--ack", "--timeout", "3s")
	l.feedOnly(1000, 3000)
	l.mustEnd(time.Minute, 0, 5)
	if l.acked.Load() != w.minted.Load() {
		t.Errorf("%d of %d events were accepted; it said:\n%s", l.acked.Load(), w.minted.Load(), l.said)
	}
	w.via = nil
	o := w.finish(allowed{duplicates: batch * window})
	t.Logf("proof: seed %d: files limited to 200 kB: %v", seed, o)
}

// cgroup makes a control group that allows so many bytes of memory, and returns the file that takes in a process.
func cgroup(t *testing.T, bytes int64) (tasks string) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skipf("no control groups: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		root, limit := "", ""
		switch {
		case len(parts) == 3 && parts[1] == "memory":
			root, limit = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case len(parts) == 3 && parts[0] == "0":
			root, limit = "/sys/fs/cgroup", "memory.max"
		default:
			continue
		}
		dir := filepath.Join(root, parts[2], fmt.Sprint("evhub-test-", os.Getpid()))
		if os.Mkdir(dir, 0o700) != nil {
			continue
		}
		t.Cleanup(func() {
			if !eventually(5*time.Second, func() bool { return os.Remove(dir) == nil }) {
				t.Logf("%s is left behind", dir)
			}
		})
		if os.WriteFile(filepath.Join(dir, limit), fmt.Append(nil, bytes), 0o600) == nil {
			return filepath.Join(dir, "cgroup.procs")
		}
	}
	t.Skip("control groups with a limit of memory cannot be made here")
	return ""
}

// TestLittleMemory gives the command little memory and slow destinations (T27): it makes whoever puts wait before it runs out of
// memory, and whatever the system does to it, nothing is lost.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	seed := seed(t)
	const memory = 48 << 20
	tasks := cgroup(t, memory)
	w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "moody": moody, "rare": down})
	w.flags = nil // segments of their full size
	w.via = []string{"sh", "-c", `echo $$ > "$0" && exec "$@"`, tasks}
	start, killed := time.Now(), 0
	for time.Since(start) < form(3*time.Second, 20*time.Second, 10*time.Minute) {
		l := w.live("put", "--ack", "--timeout", "0")
		l.feed(random(w.rng.Uint64(), 0), pace{chunk: 100, gap: time.Millisecond, big: 500_000})
		pause(form(3*time.Second, 20*time.Second, time.Minute), l.ended)
		select {
		case <-l.ended:
			killed++ // by the system; then promise 1 holds
		default:
		}
		l.kill()
	}
	if killed > 0 {
		t.Errorf("out of memory (%d MiB) %d times", memory>>20, killed)
	}
	w.via = nil
	o := w.finish(allowed{duplicates: len(w.lives) * batch * window})
	t.Logf("proof: seed %d: %d MiB of memory, out of it %d times: %v", seed, memory>>20, killed, o)
}
