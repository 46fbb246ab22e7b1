package hubslog_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/hubslog"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a hub that logs through a handler that fires through the hub.
type rig struct {
	*hub.Hub
	t       *testing.T
	handler *hubslog.Handler
	log     *slog.Logger
	brokers map[string]*providertest.Fake
	events  *hub.Subscription
}

// open starts a rig on an acct file whose provider "fake" leads to brokers a and b.
func open(t *testing.T, yaml string, o hubslog.Options) *rig {
	t.Helper()
	r := opened(t, yaml, o)
	r.handler.Attach(r.Hub)
	return r
}

// opened is open without Attach.
func opened(t *testing.T, yaml string, o hubslog.Options) *rig {
	t.Helper()
	f, err := acct.Parse("acct.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	caps := providers.Caps{Acked: true, Order: providers.Full}
	brokers := map[string]*providertest.Fake{"a": providertest.NewFake(caps), "b": providertest.NewFake(caps)}
	handler := hubslog.New(o)
	r := &rig{t: t, handler: handler, log: slog.New(handler), brokers: brokers}
	r.Hub, err = hub.Open(t.Context(), f, hub.WithProviders(providertest.FakeProvider("fake", brokers)), hub.WithLogger(r.log))
	if err != nil {
		t.Fatal(err)
	}
	if r.events, err = r.Subscribe(hub.Filter{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.close() })
	return r
}

// close closes the handler and the hub, and returns the events that were fired.
func (r *rig) close() (all []event) {
	r.t.Helper()
	r.handler.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = r.Hub.Close(ctx)
	for e, err := range r.events.Events(context.Background()) {
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, decoded(r.t, e))
	}
	return all
}

// event is an event with its JSON decoded.
type event struct {
	profile string
	time    time.Time
	body    any
	tags    map[string]any
	text    string // of the tags
}

func decoded(t *testing.T, e hub.Event) (d event) {
	t.Helper()
	d.profile, d.time, d.text = e.Profile, e.Time, string(e.Tags.(json.RawMessage))
	if err := json.Unmarshal([]byte(d.text), &d.tags); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(e.Body.(json.RawMessage), &d.body); err != nil {
		t.Fatal(err)
	}
	return d
}

// messages returns the bodies of events.
func messages(events []event) (texts []any) {
	for _, e := range events {
		texts = append(texts, e.body)
	}
	return texts
}
