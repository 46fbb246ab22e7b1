package integration

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// lagRate is how many events a lagMeter puts per second.
const lagRate = 100

// lagMeter puts events and measures how long each takes to be delivered by each destination. It counts on that these
// deliver in the order of puts, one key after the other.
type lagMeter struct {
	mu    sync.Mutex
	puts  []time.Time
	known map[string]int // how many events a destination has delivered
	now   lags
}

// lags are what was measured in one stretch of time.
type lags struct {
	of  map[string][]time.Duration // from Put to delivery, by destination
	put []time.Duration            // what Put itself took
}

func newLagMeter() *lagMeter {
	return &lagMeter{known: map[string]int{}, now: lags{of: map[string][]time.Duration{}}}
}

func (m *lagMeter) hooks() hub.Hooks {
	return hub.Hooks{Delivered: func(name string, events int, _ int64) {
		m.mu.Lock()
		defer m.mu.Unlock()
		for range events {
			m.now.of[name] = append(m.now.of[name], time.Since(m.puts[m.known[name]]))
			m.known[name]++
		}
	}}
}

// drive puts events for so long and returns what was measured meanwhile.
func (m *lagMeter) drive(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle, lasts time.Duration) lags {
	t.Helper()
	m.mu.Lock()
	m.now = lags{of: map[string][]time.Duration{}}
	m.mu.Unlock()
	tick := time.NewTicker(time.Second / lagRate)
	defer tick.Stop()
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		m.put(t, ctx, h, o)
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	measured := m.now
	m.now = lags{of: map[string][]time.Duration{}}
	return measured
}

func (m *lagMeter) put(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle) {
	t.Helper()
	e := minted(o, "key", 100)
	start := time.Now()
	m.mu.Lock()
	m.puts = append(m.puts, start)
	m.mu.Unlock()
	if err := h.Put(ctx, e); err != nil {
		t.Fatalf("%v; %s", err, describe(h))
	}
	o.Accept(e.ID)
	m.mu.Lock()
	m.now.put = append(m.now.put, time.Since(start))
	m.mu.Unlock()
}

// comeBack waits until each of the destinations has delivered again, and returns how long that took.
func (m *lagMeter) comeBack(t *testing.T, ctx context.Context, h *hub.Hub, names []string) time.Duration {
	t.Helper()
	start := time.Now()
	m.mu.Lock()
	before := maps.Clone(m.known)
	m.mu.Unlock()
	for _, name := range names {
		eventually(t, ctx, name+" delivers again: "+describe(h), func() bool {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.known[name] > before[name] || m.known[name] == len(m.puts)
		})
	}
	return time.Since(start)
}

// compare fails the test if a destination that is not in trouble, or Put, was slower than in steady times.
func (l lags) compare(t *testing.T, steady lags, bad []string) {
	t.Helper()
	slack := 1500 * time.Millisecond // of a machine that does other work too
	if brokers.Full() {
		slack = 250 * time.Millisecond
	}
	check := func(name string, before, now []time.Duration) {
		b, n := percentile99(before), percentile99(now)
		t.Logf("proof: %s: 99%% within %v, before within %v", name, n.Round(10*time.Microsecond), b.Round(10*time.Microsecond))
		if len(now) == 0 || n > b+slack {
			t.Errorf("%s: 99%% of %d within %v, before within %v", name, len(now), n, b)
		}
	}
	check("Put", steady.put, l.put)
	for _, name := range slices.Sorted(maps.Keys(steady.of)) {
		if !slices.Contains(bad, name) {
			check(name, steady.of[name], l.of[name])
		}
	}
}
