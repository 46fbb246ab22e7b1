package hub_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// An outage of 88 hours, with restarts in it, loses nothing, and least of all its beginning.
func TestALongOutageLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		yaml := `fake: [{p: {address: a, delivery: {memory: 1KiB}}}, {p: {address: b}}]`
		bs["a"].Script(dead(errDown))
		var want []string
		r := openOn(t, fs, bs, yaml)
		for hour := range 88 {
			es := events(fmt.Sprint("hour-", hour), 20)
			r.put(es...)
			want = append(want, ids(es)...)
			after(time.Hour)
			if hour%30 == 29 {
				r.kept()
				r = openOn(t, fs, bs, yaml)
			}
		}
		if s := r.stats("a"); s.BacklogEvents != len(want) || s.DeadLetters != 0 || s.Dropped != 0 || time.Since(s.Oldest) < 87*time.Hour {
			t.Errorf("in the outage: %+v", s)
		}
		bs["a"].Script(providertest.Script{})
		r.flush()
		for address, b := range bs {
			if diff := cmp.Diff(want, b.IDs()); diff != "" {
				t.Errorf("%s: %s", address, diff)
			}
		}
	})
}
