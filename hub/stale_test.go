package hub

import (
	"testing"
	"testing/synctest"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// staleHub returns a hub whose file has changed since the returned routing was in force, and the brokers of its old and
// its new destination.
func staleHub(t *testing.T) (h *Hub, old *routing, from, to *providertest.Fake) {
	caps := providers.Caps{Acked: true, Order: providers.Full}
	from, to = providertest.NewFake(caps), providertest.NewFake(caps)
	brokers := map[string]*providertest.Fake{"from": from, "to": to}
	file := func(yaml string) *acct.File {
		f, err := acct.Parse("acct.yaml", []byte(yaml))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	h, err := Open(t.Context(), file(`fake: {p: {address: from}}`), WithProviders(providertest.FakeProvider("fake", brokers)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close(t.Context()) })
	from.Once("dead", providertest.Refuse())
	if _, err := h.PutWait(t.Context(), Event{Profile: "p", ID: "dead"}); err != nil {
		t.Fatal(err)
	}
	old = h.routing.Load()
	if err := h.Reload(t.Context(), file(`fake: {p: {address: to}}`)); err != nil {
		t.Fatal(err)
	}
	return h, old, from, to
}

// A put that looked up its route just before a reload goes where the new file says.
func TestAPutWithAStaleRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, old, from, to := staleHub(t)
		r, err := h.sealer.Seal(evbus.Event{Profile: "p"})
		if err != nil {
			t.Fatal(err)
		}
		stale, full, err := h.tryAccept(arrival{records: []*evbus.Record{r}, routing: old}, false)
		if stale.n != 0 || full != nil || err != nil {
			t.Errorf("tryAccept = %+v, %v, %v; want to be asked again with the new routing", stale, full, err)
		}
		if _, err := h.accept(t.Context(), r, false); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if f, n := from.Stats().Stored, to.Stats().Stored; f != 0 || n != 1 {
			t.Errorf("the old destination got %d, the new one %d", f, n)
		}
	})
}

// A letter is not put into a backlog that nothing empties any more.
func TestAReplayWithAStaleRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, old, _, _ := staleHub(t)
		for l := range h.DeadLetters(DeadFilter{}) {
			stale, full, err := h.tryReplay(old, old.Destinations()[0], []DeadLetter{l})
			if stale.n != 0 || full != nil || err != nil {
				t.Errorf("%+v, %v, %v; want to be asked again with the new routing", stale, full, err)
			}
		}
		if n, err := h.Replay(t.Context(), DeadFilter{}); n != 0 || err != nil {
			t.Errorf("Replay = %d, %v; the destination is gone", n, err)
		}
		n := 0
		for range h.DeadLetters(DeadFilter{}) {
			n++
		}
		if n != 1 {
			t.Errorf("%d letters are left", n)
		}
	})
}

// Destinations that were removed and have delivered everything do not pile up.
func TestRemovedDestinationsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, _, _ := staleHub(t)
		if n, err := h.Discard(DeadFilter{}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		file, err := acct.Parse("acct.yaml", []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := h.Reload(t.Context(), file); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if n := len(h.retired); n != 0 {
			t.Errorf("%d are kept", n)
		}
	})
}
