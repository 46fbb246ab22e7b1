package evbus

import (
	"testing"
	"time"
)

// The clock may have been set between the acceptance of an event and now: its time neither ends at once nor never.
func TestTheTimeWithoutSuccessWhenTheClockWasSet(t *testing.T) {
	down := time.Now()
	now := down.Add(time.Minute)
	for name, c := range map[string]struct {
		accepted time.Time
		failed   time.Time
		want     time.Duration
	}{
		"long before":              {accepted: down.Add(-time.Hour), want: time.Minute},
		"since it is down":         {accepted: down.Add(20 * time.Second), want: 40 * time.Second},
		"a year ago, by the clock": {accepted: down.AddDate(-1, 0, 0), want: time.Minute},
		"in a year, by the clock":  {accepted: down.AddDate(1, 0, 0), want: time.Minute},
		"tried before it was down": {accepted: down.Add(-time.Hour), failed: down.Add(-time.Second), want: 61 * time.Second},
	} {
		e := entry{record: &Record{accepted: c.accepted}, failed: c.failed}
		if got := now.Sub(e.since(down, now)); got != c.want {
			t.Errorf("%s: %v without success, want %v", name, got, c.want)
		}
	}
}
