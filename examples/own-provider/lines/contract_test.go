package lines_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/examples/own-provider/lines"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// entry stands in for an entry of an acct file.
type entry struct{ address string }

func (e entry) Decode(into any) error {
	into.(*lines.Config).Address = e.address
	return nil
}

func connection(t *testing.T, address string) providers.Connection {
	t.Helper()
	conns, err := lines.Provider().Configure(entry{address})
	if err != nil {
		t.Fatal(err)
	}
	return conns[0]
}

func TestContract(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Target {
		r := newReceiver(t)
		conn := connection(t, r.listener.Addr().String())
		dial, err := conn.Open(providers.Env{})
		if err != nil {
			t.Fatal(err)
		}
		return providertest.Target{Dial: dial, Caps: conn.Caps, Far: providertest.FarEnd{
			Received:    r.received,
			Refuse:      r.on(refuse),
			Fail:        r.on(fail),
			LoseAnswer:  r.on(loseAnswer),
			LoseMessage: r.on(loseMessage),
			Stall:       r.stall,
			Cut:         r.cut,
			Connections: r.connections,
		}}
	})
}

func TestOpenNamesTheWrongKey(t *testing.T) {
	for address, fine := range map[string]bool{
		"localhost:7070": true, "/run/lines": true, "./lines": true,
		"": false, "localhost": false,
	} {
		_, err := connection(t, address).Open(providers.Env{})
		var wrong *providers.ConfigError
		if fine != (err == nil) || !fine && (!errors.As(err, &wrong) || wrong.Key != "address") {
			t.Errorf("address %q: %v", address, err)
		}
	}
}

func dial(t *testing.T, r *receiver) providers.Session {
	t.Helper()
	dial, err := connection(t, r.listener.Addr().String()).Open(providers.Env{})
	if err != nil {
		t.Fatal(err)
	}
	session, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(context.Background()) })
	return session
}

func TestBodyOfSeveralLinesIsRefused(t *testing.T) {
	r := newReceiver(t)
	ms := []providers.Message{{ID: "1", Body: []byte("a\nb")}, {ID: "2", Body: []byte("c")}}
	err := dial(t, r).Send(t.Context(), ms).Wait(t.Context())
	var batch *providers.BatchError
	if !errors.As(err, &batch) || !providers.IsPermanent(batch.Errs[0]) || batch.Errs[1] != nil {
		t.Errorf("outcome %v, want the first refused for good", err)
	}
	if got := r.received(); len(got) != 1 || string(got[0]) != "c" {
		t.Errorf("received %q", got)
	}
}

func TestReceiverThatIsOutOfStepEndsTheSession(t *testing.T) {
	r := newReceiver(t)
	r.on(confuse)("1")
	session := dial(t, r)
	for _, id := range []string{"1", "2"} {
		err := session.Send(t.Context(), []providers.Message{{ID: id}}).Wait(t.Context())
		if err == nil || providers.IsPermanent(err) {
			t.Errorf("outcome of %s: %v, want an error", id, err)
		}
	}
	if got := r.received(); len(got) > 0 {
		t.Errorf("received %q", got)
	}
}
