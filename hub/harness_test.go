package hub_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// brokers are scripted brokers by address; the provider "fake" leads to them.
type brokers map[string]*providertest.Fake

func acked(order providers.Order) *providertest.Fake {
	return providertest.NewFake(providers.Caps{Acked: true, Order: order})
}

// healthy returns brokers of order Full with the given addresses.
func healthy(addresses ...string) brokers {
	bs := brokers{}
	for _, a := range addresses {
		bs[a] = acked(providers.Full)
	}
	return bs
}

func parse(t testing.TB, yaml string) *acct.File {
	t.Helper()
	f, err := acct.Parse("acct.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rig is a hub under test.
type rig struct {
	*hub.Hub
	t       testing.TB
	brokers brokers
	log     *logBuffer
}

// open starts a hub on an acct file that names brokers. At the end of the test it closes the hub, and fails the test if
// the engine broke the contract of providers.
func open(t testing.TB, bs brokers, yaml string, opts ...hub.Option) *rig {
	t.Helper()
	return start(t, bs, yaml, append(ofThisPass(), opts...)...)
}

// start is open with no more options than those that it is given.
func start(t testing.TB, bs brokers, yaml string, opts ...hub.Option) *rig {
	t.Helper()
	r := &rig{t: t, brokers: bs, log: &logBuffer{}}
	opts = append([]hub.Option{
		hub.WithProviders(providertest.FakeProvider("fake", bs)), hub.WithLogger(slog.New(slog.NewTextHandler(r.log, nil))),
	}, opts...)
	h, err := hub.Open(t.Context(), parse(t, yaml), opts...)
	if err != nil {
		t.Fatal(err)
	}
	r.Hub = h
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = h.Close(ctx)
		for address, b := range bs {
			for _, what := range b.Misuse() {
				t.Errorf("broker %s: misused: %s", address, what)
			}
		}
	})
	return r
}

// put puts events that must be accepted.
func (r *rig) put(es ...hub.Event) {
	r.t.Helper()
	for _, e := range es {
		if err := r.Put(r.t.Context(), e); err != nil {
			r.t.Fatalf("Put %s: %v", e.ID, err)
		}
	}
}

// flush waits until everything is delivered.
func (r *rig) flush() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Hour)
	defer cancel()
	if err := r.Flush(ctx); err != nil {
		r.t.Fatalf("Flush: %v\n%+v", err, r.Stats())
	}
}

// stats returns the stats of the destination that leads to the broker at address.
func (r *rig) stats(address string) hub.DestinationStats {
	r.t.Helper()
	for _, d := range r.Stats().Destinations {
		if d.Address == address {
			return d
		}
	}
	r.t.Fatalf("no destination leads to %s", address)
	return hub.DestinationStats{}
}

// event returns an event with that id under profile "p".
func event(id string) hub.Event { return hub.Event{Profile: "p", ID: id, Body: id} }

// events returns n events with ids prefix-0 and so on.
func events(prefix string, n int) []hub.Event {
	var es []hub.Event
	for i := range n {
		es = append(es, event(fmt.Sprintf("%s-%d", prefix, i)))
	}
	return es
}

func ids(es []hub.Event) []string {
	ids := []string{}
	for _, e := range es {
		ids = append(ids, e.ID)
	}
	return ids
}

// within returns a context that ends after d.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// bubble runs the test on virtual time.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// settle waits until nothing moves but the clock.
func settle() { synctest.Wait() }

// after lets virtual time pass.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// logBuffer collects log lines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// lines returns the lines that contain part.
func (b *logBuffer) lines(part string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for line := range strings.Lines(b.buf.String()) {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return found
}
