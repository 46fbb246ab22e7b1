//go:build linux

package crash

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestBigBacklog opens journals of different sizes with nobody who takes the events (T17): how long a start takes and
// how much memory it needs does not grow with the backlog.
func TestBigBacklog(t *testing.T) {
	const mib = 1 << 20
	sizes := form([]int64{1 * mib, 64 * mib}, []int64{1 * mib, 1024 * mib}, []int64{1 * mib, 1024 * mib, 20 * 1024 * mib})
	for _, size := range sizes {
		w := newWorld(t, random(1, 1), map[string]mood{"steady": down})
		w.flags = nil
		w.station("steady").delivery = ", backlog: 64GiB"
		w.configure()
		l := w.live("put", "--ack", "--timeout", "0")
		accepted := l.pour(size)
		l.kill()
		var ready time.Duration
		var memory int64
		for range form(1, 3, 3) {
			start := time.Now()
			l = w.live("put", "--ack", "--timeout", "0")
			l.feed(random(1, 2), pace{chunk: 1, gap: time.Second})
			if !eventually(time.Minute, func() bool { return l.acked.Load() > 0 }) {
				t.Fatalf("it does not accept; it said:\n%s", l.said)
			}
			took := time.Since(start)
			pause(time.Second, l.ended) // so that it reads ahead what it wants
			memory = max(memory, memoryOf(t, l.cmd.Process.Pid, "VmHWM"))
			l.kill()
			if ready == 0 || took < ready {
				ready = took
			}
		}
		t.Logf("proof: a backlog of %d events, %d MiB: accepts %v after the start, with %d MiB of memory",
			accepted, size/mib, ready.Round(time.Millisecond), memory/mib)
		if ready > 2*time.Second || memory > 200*mib {
			t.Errorf("a start with %d MiB takes %v and %d MiB of memory; want 2s and 200 MiB", size/mib, ready, memory/mib)
		}
	}
}

// pour puts large events of so many bytes together, which no oracle remembers, and returns how many were accepted.
func (l *life) pour(bytes int64) (accepted int64) {
	l.world.t.Helper()
	const size = 100_000
	line := []byte(`{"profile":"big","body":"` + strings.Repeat("0123456789", size/10) + "\"}\n")
	n := bytes / size
	l.feeding.Go(func() {
		for range n {
			if _, err := l.stdin.Write(line); err != nil {
				return
			}
		}
	})
	if !eventually(time.Hour, func() bool { return l.acked.Load() >= n || over(l.ended) }) || over(l.ended) {
		l.world.t.Fatalf("%d of %d events accepted; it said:\n%s", l.acked.Load(), n, l.said)
	}
	return n
}

// over reports whether the channel is closed.
func over(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// memoryOf is the memory that a process has, in bytes: VmRSS now, VmHWM at most.
func memoryOf(t *testing.T, pid int, which string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, which+": %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	t.Fatal("the system does not say how much memory the process has")
	return 0
}
