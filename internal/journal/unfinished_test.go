package journal_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// A power cut while a segment is made for a large group leaves a file in which nothing can be read: nothing was in it,
// and nobody is told of a loss.
func TestPowerCutWhileALargeSegmentIsMade(t *testing.T) {
	const few, many = 100, 8000
	cuts := 0
	for k, cut := 1, true; cut; k++ {
		for seed := range uint64(10) {
			fs := crashfs.New(uint64(k)<<16 | seed)
			j := open(t, fs)
			number := assign(t, j, "a")[0]
			appendAll(t, j, records(1, few, number))
			fs.DieAt(k)
			cut = j.Append(records(few+1, many, number)) != nil
			fs = fs.Crash()
			if seed == 0 {
				wellVerified(t, fs)
			}
			j = open(t, fs)
			if r := j.Recovery(); !r.Clean() {
				t.Errorf("power cut at operation %d: %+v", k, r)
			}
			got, lost := readAll(t, j, number)
			if lost.Events > 0 || len(got) < few || !cut && !cmp.Equal(got, seqs(1, few+many)) {
				t.Errorf("power cut at operation %d: %d records, lost %v", k, len(got), lost)
			}
			if cut {
				cuts++
			}
			j.Close()
		}
	}
	if cuts < 100 {
		t.Errorf("only %d power cuts", cuts)
	}
}

// wellVerified checks that Verify finds nothing that matters.
func wellVerified(t *testing.T, fs *crashfs.FS) {
	t.Helper()
	j := open(t, fs, func(o *journal.Options) { o.ReadOnly = true })
	defer j.Close()
	if c, err := j.Verify(t.Context(), nil); err != nil || !c.Clean() {
		t.Errorf("%+v, %v", c.Findings, err)
	}
	if found, err := j.Unreadable(t.Context()); err != nil || found != nil {
		t.Errorf("%+v, %v", found, err)
	}
}

// A large segment that somebody wrote over may have held what nobody else knows of: that is told, and it is kept.
func TestALargeSegmentThatCannotBeReadIsTold(t *testing.T) {
	const few, many = 100, 8000
	fs := crashfs.New(1)
	j := open(t, fs)
	number := assign(t, j, "a")[0]
	appendAll(t, j, records(1, few, number))
	if err := j.SyncCursors(); err != nil { // they know of the first segment alone
		t.Fatal(err)
	}
	if err := j.Append(records(few+1, many, number)); err != nil {
		t.Fatal(err)
	}
	fs = fs.Kill()
	sizes := logSizes(t, fs)
	name := slices.MaxFunc(slices.Collect(maps.Keys(sizes)), func(a, b string) int { return sizes[a] - sizes[b] })
	content := bytes.Repeat([]byte{0xff}, sizes[name])
	if err := fs.Put(name, content); err != nil {
		t.Fatal(err)
	}
	j = open(t, fs)
	if r := j.Recovery(); r.LostHeaders != 1 || len(r.Quarantined) != 1 {
		t.Errorf("%+v", r)
	}
	if got, _ := readAll(t, j, number); len(got) != few {
		t.Errorf("%d records", len(got))
	}
	j.Close()
}
