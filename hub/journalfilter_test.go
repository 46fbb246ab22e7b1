package hub_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// What a filter has decided holds after a restart, a reload and a replay with another one.
func TestAFilterIsAskedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const wantsX, wantsY = `fake: {p: {address: a, filter: {tags.type: x}}}`, `fake: {p: {address: a, filter: {tags.type: "y"}}}`
		fs, bs := crashfs.New(1), healthy("a")
		bs["a"].Script(dead(errors.New("down")))
		r := openOn(t, fs, bs, wantsX)
		r.put(tagged("1", "x"), tagged("2", "y"), tagged("3", "x"))
		if diff := cmp.Diff(map[string]int{"fake:p@a": 2}, r.kept()); diff != "" {
			t.Error(diff)
		}
		bs["a"].Script(providertest.Script{})
		bs["a"].Once("3", providertest.Refuse())
		r = openOn(t, fs, bs, wantsY)
		r.put(tagged("4", "x"), tagged("5", "y"))
		r.flush()
		if n, err := r.Replay(t.Context(), hub.DeadFilter{}); n != 1 || err != nil {
			t.Errorf("replayed %d, %v", n, err)
		}
		r.flush()
		if diff := cmp.Diff([]string{"1", "5", "3"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}
