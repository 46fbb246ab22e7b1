package journal_test

import (
	"fmt"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// The table and the end of a segment are made durable together: a power cut may leave the end alone.
func TestAPowerCutWhileASegmentIsEndedDoesNoHarm(t *testing.T) {
	large := func(o *journal.Options) { o.SegmentBytes = 1 << 20 }
	var names []string
	for i := range 6 { // so that the table may lie on two pages
		names = append(names, fmt.Sprintf("kafka:some-destination-%d", i))
	}
	torn := 0
	for seed := range uint64(300) {
		for at := 1; at < 4; at++ {
			fs := crashfs.New(seed)
			j := open(t, fs, large)
			appendAll(t, j, records(1, 10+int(seed%40), assign(t, j, names...)...))
			if err := j.SyncCursors(); err != nil {
				t.Fatal(err)
			}
			fs.DieAt(at)
			_ = j.Close() // it dies
			j = open(t, fs.Crash(), large, func(o *journal.Options) { o.ReadOnly = true })
			if r := j.Recovery(); !r.Clean() {
				t.Fatalf("seed %d, operation %d: %+v", seed, at, r)
			}
			if found, unreadable := harm(t, j); found != nil || unreadable != nil {
				t.Errorf("seed %d, operation %d: found %+v, unreadable %+v", seed, at, found, unreadable)
			}
			c, err := j.Verify(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Findings) > 0 {
				torn++
			}
			closing(t, j)
		}
	}
	if torn == 0 {
		t.Error("nothing was ever torn: this tests nothing")
	}
}

// A table elsewhere is nothing that a power cut can take alone.
func TestADamagedTableIsNoTornEnd(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 1 << 20 })
	appendAll(t, j, records(1, 3, assign(t, j, "a")...))
	appendAll(t, j, records(4, 3, assign(t, j, "a", "a second one")[1]))
	closing(t, j)
	f := filesOf(t, fs)
	first := firstSegment(t, fs)
	f = f.with(first, flip(f[first], indexOf(t, f[first], "a second one")))
	j = open(t, f.disk(t), func(o *journal.Options) { o.ReadOnly = true })
	defer closing(t, j)
	found, unreadable := harm(t, j)
	if len(found) != 1 || found[0].Kind != journal.FoundTable || unreadable != nil {
		t.Errorf("found %+v, unreadable %+v", found, unreadable)
	}
}
