package hub_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// A destination that was removed, drained and forgotten has its number and its position when it comes back: nothing is
// delivered twice, and nothing that was put while it was away.
func TestAForgottenDestinationComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		both, alone := `fake: [{p: {address: a}}, {p: {address: b}}]`, `fake: {p: {address: b}}`
		r := openOn(t, fs, bs, both)
		reload := func(yaml string) {
			t.Helper()
			if err := r.Reload(t.Context(), parse(t, yaml)); err != nil {
				t.Fatal(err)
			}
			settle()
		}
		r.put(event("1"))
		reload(alone)
		r.put(event("2"))
		reload(alone) // it is forgotten now
		reload(both)
		r.put(event("3"))
		r.flush()
		reload(alone)
		r.put(event("4"))
		if left := r.kept(); left != nil {
			r.flush()
		}
		r = openOn(t, fs, bs, both)
		r.put(event("5"))
		r.flush()
		if diff := cmp.Diff([]string{"1", "3", "5"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, firsts(bs["b"])); diff != "" {
			t.Error(diff)
		}
	})
}

// A destination that comes back while it still delivers goes on with its session: what is in the air is not sent again.
func TestADestinationThatComesBackIsNotStopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), toA)
		r.brokers["a"].Script(providertest.Script{OnWait: slow(time.Second)})
		r.put(events("e", 3)...)
		settle()
		for _, yaml := range []string{`{}`, toA} {
			if err := r.Reload(t.Context(), parse(t, yaml)); err != nil {
				t.Fatal(err)
			}
		}
		r.put(event("new"))
		r.flush()
		if s := r.stats("a"); s.Dials != 1 || s.Retried != 0 {
			t.Errorf("%+v", s)
		}
		if diff := cmp.Diff(append(ids(events("e", 3)), "new"), r.brokers["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}
