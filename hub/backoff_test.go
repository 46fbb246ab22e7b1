package hub_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// dialTimes makes a broker refuse dials with fail, and returns when they came.
type dialTimes struct {
	mu sync.Mutex
	at []time.Time
}

func (d *dialTimes) script(fail func(n int) error) providertest.Script {
	return providertest.Script{OnDial: func(_ context.Context, n int) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.at = append(d.at, time.Now())
		return fail(n)
	}}
}

// gaps returns the times between dials.
func (d *dialTimes) gaps() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	var gaps []time.Duration
	for i := 1; i < len(d.at); i++ {
		gaps = append(gaps, d.at[i].Sub(d.at[i-1]))
	}
	return gaps
}

var errDown = errors.New("connection refused")

func always(err error) func(int) error { return func(int) error { return err } }

func TestBackoffDoublesToItsLimitWithFullJitter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {retry: {min: 100ms, max: 10s}}}}`)
		var dials dialTimes
		r.brokers["a"].Script(dials.script(always(errDown)))
		r.put(event("1"))
		after(time.Hour)
		gaps := dials.gaps()
		bound, low, high := 100*time.Millisecond, 0, 0
		for i, gap := range gaps {
			if gap <= 0 || gap > bound {
				t.Errorf("wait %d is %v, the bound is %v", i, gap, bound)
			}
			if bound = min(2*bound, 10*time.Second); i > 10 {
				if gap < 3*time.Second {
					low++
				}
				if gap > 7*time.Second {
					high++
				}
			}
		}
		if len(gaps) < 400 || low < 50 || high < 50 {
			t.Errorf("%d retries in an hour, %d of them soon and %d late: no full jitter, or not for ever", len(gaps), low, high)
		}
		r.brokers["a"].Script(providertest.Script{})
		r.flush()
	})
}

func TestBackoffEndsWithADeliveryAndNotWithADial(t *testing.T) {
	for name, c := range map[string]struct {
		healthy bool
		want    func(time.Duration) bool
	}{
		"delivery": {true, func(longest time.Duration) bool { return longest <= 100*time.Millisecond }},
		"dial":     {false, func(longest time.Duration) bool { return longest > 5*time.Second }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {batch: 1, window: 1}}}`)
				var dials dialTimes
				script := dials.script(always(nil))
				n := 0
				script.OnMessage = func(providers.Message) providertest.Outcome {
					if n++; c.healthy && n%2 == 0 {
						return providertest.Outcome{}
					}
					return providertest.Fail()
				}
				r.brokers["a"].Script(script)
				r.put(events("e", 30)...)
				after(10 * time.Minute)
				longest := time.Duration(0)
				for _, gap := range dials.gaps() {
					longest = max(longest, gap)
				}
				if len(dials.gaps()) < 10 || !c.want(longest) {
					t.Errorf("%d retries, the longest wait is %v", len(dials.gaps()), longest)
				}
			})
		})
	}
}

func TestRetryAfterIsAFloor(t *testing.T) {
	for name, script := range map[string]func(err error, dials *dialTimes) providertest.Script{
		"of a dial": func(err error, dials *dialTimes) providertest.Script { return dials.script(always(err)) },
		"of a message": func(err error, dials *dialTimes) providertest.Script {
			s := dials.script(always(nil))
			s.OnMessage = outcome(providertest.Outcome{Err: err})
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a"), `fake: {p: {address: a}}`)
				var dials dialTimes
				r.brokers["a"].Script(script(providers.RetryAfter(errDown, time.Minute), &dials))
				r.put(event("1"))
				after(10 * time.Minute)
				if n := len(dials.gaps()); n < 5 {
					t.Errorf("%d retries", n)
				}
				for _, gap := range dials.gaps() {
					if gap < time.Minute {
						t.Errorf("retried after %v", gap)
					}
				}
			})
		})
	}
}

func TestAStalledDialTimesOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {timeout: 3s}}}`)
		stallDial(r.brokers["a"])
		r.put(event("1"))
		after(time.Minute)
		if got := r.brokers["a"].Stats().Dials; got < 3 {
			t.Errorf("%d dials in a minute", got)
		}
		r.brokers["a"].Script(providertest.Script{})
		r.flush()
	})
}
