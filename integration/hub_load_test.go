package integration

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// loadRate is how many events a load puts per second: few enough for a small machine that starts a broker meanwhile.
const loadRate = 500

// load puts events of ten keys at a steady rate.
type load struct {
	t      *testing.T
	hub    *hub.Hub
	oracle *oracle.Oracle
	rate   int // events per second
	stop   context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	waits []time.Duration // how long each Put took
}

func startLoad(t *testing.T, h *hub.Hub, o *oracle.Oracle) *load {
	t.Helper()
	return startLoadAt(t, h, o, loadRate)
}

func startLoadAt(t *testing.T, h *hub.Hub, o *oracle.Oracle, rate int) *load {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &load{t: t, hub: h, oracle: o, rate: rate, stop: stop, done: make(chan struct{})}
	go l.run(ctx)
	t.Cleanup(l.end)
	return l
}

func (l *load) run(ctx context.Context) {
	defer close(l.done)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	for put := 0; ; put++ {
		for put >= int(time.Since(start).Seconds()*float64(l.rate)) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		e := minted(l.oracle, fmt.Sprint("key", put%10), 100)
		before := time.Now()
		if err := l.hub.Put(context.Background(), e); err != nil {
			l.t.Errorf("put: %v", err)
			return
		}
		l.oracle.Accept(e.ID)
		l.mu.Lock()
		l.waits = append(l.waits, time.Since(before))
		l.mu.Unlock()
	}
}

// end stops the load and returns when it has stopped. It may be called twice.
func (l *load) end() {
	l.stop()
	<-l.done
}

// slowest returns how long 99 of 100 of the newest n calls of Put took at most.
func (l *load) slowest(n int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	waits := slices.Clone(l.waits[max(0, len(l.waits)-n):])
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return waits[len(waits)*99/100]
}

// keepsRate watches a destination for d, while another one is in trouble: it has to deliver what is put, and Put must not
// wait.
func (l *load) keepsRate(name string, d time.Duration) {
	l.t.Helper()
	least, longest := 0.5, 100*time.Millisecond // of a machine that does other work too
	if brokers.Full() {
		least, longest = 0.9, 5*time.Millisecond
	}
	before, start := stats(l.t, l.hub, name).Delivered, time.Now()
	select {
	case <-time.After(d):
	case <-l.t.Context().Done():
	}
	want := loadRate * time.Since(start).Seconds()
	rate := float64(stats(l.t, l.hub, name).Delivered-before) / want
	wait := l.slowest(int(want))
	l.t.Logf("%s: %.2f of its rate; 99%% of Put within %v", name, rate, wait)
	if rate < least {
		l.t.Errorf("%s keeps %.2f of its rate, want %.2f", name, rate, least)
	}
	if wait > longest {
		l.t.Errorf("Put takes %v, want at most %v", wait, longest)
	}
}

// settles waits until the destination delivers and has caught up.
func (l *load) settles(ctx context.Context, name string) {
	l.t.Helper()
	before := stats(l.t, l.hub, name).Delivered
	eventually(l.t, ctx, name+" delivers and catches up", func() bool {
		s := stats(l.t, l.hub, name)
		return s.Delivered >= before+loadRate/5 && s.BacklogEvents < loadRate/5
	})
}
