package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/providers/providertest"
)

func (r *rig) reload(yaml string) {
	r.t.Helper()
	if err := r.Reload(r.t.Context(), parse(r.t, yaml)); err != nil {
		r.t.Fatal(err)
	}
}

// names returns the names of all destinations.
func (r *rig) names() []string {
	var names []string
	for _, d := range r.Stats().Destinations {
		names = append(names, d.Name)
	}
	return names
}

func TestReloadIsAllOrNothing(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown key":     {`fake: {p: {address: b}, q: {adress: b}}`, "adress"},
		"unknown broker":  {`fake: {p: {address: b}, q: {address: nowhere}}`, `no fake broker "nowhere"`},
		"bad option":      {`fake: {p: {address: b, delivery: {batch: 0}}}`, "batch"},
		"bad pattern":     {"match_plugin: regex\nfake: {'(': {address: b}}", "("},
		"unknown matcher": {"match_plugin: soundex\nfake: {p: {address: b}}", "soundex"},
		"unknown format":  {`fake: {p: {address: b, format: xml}}`, "xml"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a", "b"), `fake: {p: {address: a}}`)
				err := r.Reload(t.Context(), parse(t, c.yaml))
				var at *acct.Error
				if !errors.As(err, &at) || at.File != "acct.yaml" || at.Line == 0 || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Reload: %v; want an acct.Error with file and line that says %q", err, c.want)
				}
				r.put(event("1"))
				r.flush()
				if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) || r.brokers["b"].Stats().Dials > 0 {
					t.Errorf("something has changed: a got %v", got)
				}
			})
		})
	}
}

func TestReloadTellsAllMistakesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `{}`)
		err := r.Reload(t.Context(), parse(t, "fake:\n- p: {adress: a}\n- q: {address: a, delivery: {batch: 0, window: 0}}\n- r: {address: x}\n"))
		for _, want := range []string{"acct.yaml:2", "adress", "acct.yaml:3", "delivery.batch", "delivery.window", "acct.yaml:4", `"x"`} {
			if !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%q is not in:\n%v", want, err)
			}
		}
	})
}

func TestMistakesOfOneEntryComeTogether(t *testing.T) {
	for yaml, want := range map[string]string{
		// What cannot be read hides nothing else, and is told once.
		"fake: {p: {address: x, delivery: {timeout: long, batch: 0}}}": "delivery.timeout|delivery.batch|x",
		// A misspelt key is not also a missing one.
		"fake: {p: {adress: a, delivery: {batch: 0}}}": "adress|delivery.batch",
	} {
		bubble(t, func(t *testing.T) {
			r := open(t, healthy("a"), `{}`)
			err := r.Reload(t.Context(), parse(t, yaml))
			lines := strings.Split(fmt.Sprint(err), "\n")
			parts := strings.Split(want, "|")
			if len(lines) != len(parts) {
				t.Errorf("%d mistakes, want %d:\n%v", len(lines), len(parts), err)
			}
			for _, part := range parts {
				if !strings.Contains(fmt.Sprint(err), part) {
					t.Errorf("%q is not in:\n%v", part, err)
				}
			}
		})
	}
}

func TestReloadLeavesWhatIsUnchangedAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}]`)
		release := r.brokers["a"].Stall()
		r.put(event("1"))
		settle()
		r.reload(`fake: [{p: {address: b}}, {p: {address: a}}]`) // also its place is another
		r.put(event("2"))
		release()
		r.flush()
		if s := r.brokers["a"].Stats(); s.Dials != 1 || s.Duplicates != 0 || s.Stored != 2 {
			t.Errorf("a: %+v; want one session from first to last", s)
		}
		if got := r.brokers["b"].IDs(); !cmp.Equal(got, []string{"2"}) {
			t.Errorf("a new destination starts with the next event, got %v", got)
		}
	})
}

func TestReloadChangesADestination(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("old", "new"), `fake: {p: {name: n, address: old, delivery: {backlog: 1B}}}`)
		stallDial(r.brokers["old"])
		r.put(event("1"))
		blocked := make(chan error, 1)
		go func() { blocked <- r.Put(t.Context(), event("2")) }()
		settle()
		start := time.Now()
		r.reload(`fake: {p: {name: n, address: new}}`)
		if err := <-blocked; err != nil {
			t.Fatal(err)
		}
		r.flush()
		if took := time.Since(start); took > 0 {
			t.Errorf("the dial of the old address held it up for %v", took)
		}
		if got := r.brokers["new"].IDs(); !cmp.Equal(got, []string{"1", "2"}) {
			t.Errorf("new got %v", got)
		}
		if s := r.brokers["new"].Stats(); s.Dials != 1 {
			t.Errorf("%d dials", s.Dials)
		}
		if got := r.names(); !cmp.Equal(got, []string{"fake:n"}) {
			t.Errorf("destinations %v", got)
		}
		if lines := r.log.lines("delivery failed"); len(lines) > 0 {
			t.Errorf("a dial that the reload ended is no failure: %v", lines)
		}
	})
}

func TestReloadEndsABackoff(t *testing.T) { // T48: wrong password, then the right one
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("old", "new"), `fake: {p: {name: n, address: old, delivery: {retry: {min: 1h, max: 1h}}}}`)
		r.brokers["old"].Script(dead(errDown))
		r.put(event("1"))
		settle()
		r.reload(`fake: {p: {name: n, address: new}}`)
		settle()
		if got := r.brokers["new"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("new got %v", got)
		}
	})
}

func TestReloadSettlesWhatIsInTheAirFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("old", "new"), `fake: {p: {name: n, address: old}}`)
		r.brokers["old"].Script(providertest.Script{OnWait: slow(time.Second)})
		r.put(event("1"))
		settle()
		r.reload(`fake: {p: {name: n, address: new}}`)
		r.put(event("2"))
		r.flush()
		if o, n := r.brokers["old"].IDs(), r.brokers["new"].IDs(); !cmp.Equal(o, []string{"1"}) || !cmp.Equal(n, []string{"2"}) {
			t.Errorf("old got %v, new got %v", o, n)
		}
	})
}

func TestReloadWithAnEndedContextChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Reload(ctx, parse(t, `{}`)); !errors.Is(err, context.Canceled) || len(r.names()) != 1 {
			t.Errorf("%v, %v", err, r.names())
		}
	})
}
