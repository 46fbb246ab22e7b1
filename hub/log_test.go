package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

func TestARepeatingFaultIsLoggedOnceIn30Seconds(t *testing.T) {
	flap := 0
	for name, onDial := range map[string]func(context.Context, int) error{
		"dead": func(context.Context, int) error { return errDown },
		"flapping": func(context.Context, int) error {
			if flap++; flap%2 == 0 {
				return nil
			}
			return errDown
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {retry: {max: 100ms}}}}`)
				r.brokers["a"].Script(providertest.Script{OnDial: onDial})
				for i := range 600 {
					r.put(event(fmt.Sprint(i)))
					after(time.Second)
					r.brokers["a"].Cut()
				}
				if got := len(r.log.lines("delivery failed")); got < 10 || got > 21 {
					t.Errorf("%d lines in ten minutes", got)
				}
				if got := len(r.log.lines("delivering again")); got > 21 {
					t.Errorf("%d lines about recovery in ten minutes", got)
				}
				if name == "flapping" && len(r.log.lines("delivering again")) == 0 {
					t.Error("no word about the recovery")
				}
				if lines := r.log.lines("delivery failed"); !strings.Contains(lines[0], "fake:p@a") || !strings.Contains(lines[0], "connection refused") {
					t.Errorf("the line names neither destination nor cause: %s", lines[0])
				}
			})
		})
	}
}

func TestTwentyRefusalsInARowAreAWarning(t *testing.T) {
	for name, c := range map[string]struct {
		refused func(i int) bool
		want    int
	}{
		"all of many":        {func(int) bool { return true }, 1},
		"nineteen of twenty": {func(i int) bool { return i%20 != 0 }, 0},
	} {
		for _, batch := range []int{1, 500} {
			t.Run(fmt.Sprintf("%s, batches of %d", name, batch), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					r := open(t, healthy("a"), fmt.Sprintf(`fake: {p: {address: a, delivery: {batch: %d}}}`, batch))
					r.brokers["a"].Script(providertest.Script{OnMessage: func(m providers.Message) providertest.Outcome {
						if c.refused(int(m.Seq)) {
							return providertest.Refuse()
						}
						return providertest.Outcome{}
					}})
					if _, err := r.PutAll(t.Context(), events("e", 400)); err != nil {
						t.Fatal(err)
					}
					r.flush()
					lines := r.log.lines("refused for good")
					if len(lines) != c.want {
						t.Errorf("%d warnings", len(lines))
					}
					if c.want > 0 && !strings.Contains(lines[0], "the fake broker refuses the message") {
						t.Errorf("the warning does not name the cause: %s", lines[0])
					}
				})
			})
		}
	}
}

func TestNoSecretAndNoControlCharacterInLogsAndErrors(t *testing.T) { // S01, S08
	bubble(t, func(t *testing.T) {
		const canary = "c4n4ry"
		r := open(t, healthy("a"), `fake: {"*": {address: a, delivery: {backlog: 1B, dead_letters: 0}}}`)
		r.brokers["a"].Script(dead(fmt.Errorf("login %v refused", providers.NewSecret(canary))))
		profile := "p\r\nlevel=ERROR msg=forged"
		r.put(hub.Event{Profile: profile})
		after(time.Minute)
		err := r.Put(within(t, time.Second), hub.Event{Profile: profile, Body: canary})
		all := fmt.Sprintf("%v %+v %s", err, r.Stats(), strings.Join(r.log.lines(""), ""))
		if strings.Contains(all, canary) {
			t.Errorf("the secret is out: %s", all)
		}
		if strings.Contains(all, "\nlevel=ERROR msg=forged") || strings.Contains(err.Error(), "\n") {
			t.Errorf("a profile breaks the line: %s", all)
		}
	})
	bubble(t, func(t *testing.T) {
		r := open(t, brokers{}, `{}`, hub.WithStrict())
		err := r.Put(t.Context(), hub.Event{Profile: "a\x1b[31m\nb"})
		if !errors.Is(err, hub.ErrNoRoute) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q", err)
		}
	})
}
