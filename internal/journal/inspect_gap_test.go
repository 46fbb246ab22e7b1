package journal_test

import (
	"bytes"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// killedWithASlowOne makes a journal in which b, which is slow, keeps a segment that a process left without its end, and
// those behind it have gone, as only a was to have them. The last of the five records of the first segment is begun by
// a group of last records.
func killedWithASlowOne(t *testing.T, last int) (*crashfs.FS, *journal.Journal) {
	t.Helper()
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 5-last, n...))
	if err := j.Append(records(6-uint64(last), last, n...)); err != nil {
		t.Fatal(err)
	}
	ack(j, n[0], 5)
	fs = fs.Kill()
	j = open(t, fs)
	n = assign(t, j, "a", "b")
	appendAll(t, j, records(6, 200, n[0]))
	ack(j, n[0], 205)
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	if err := j.Compact(); err != nil {
		t.Fatal(err)
	}
	return fs, j
}

// harm returns what Verify finds that matters, and what Unreadable does.
func harm(t *testing.T, j *journal.Journal) (found, unreadable []journal.Finding) {
	t.Helper()
	c, err := j.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Findings {
		if !f.Harmless() {
			found = append(found, f)
		}
	}
	unreadable, err = j.Unreadable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found, unreadable
}

func TestNothingIsMissingWhereUnneededSegmentsWentBehindAKilledProcess(t *testing.T) {
	fs, j := killedWithASlowOne(t, 2)
	for _, readOnly := range []bool{false, true} {
		if readOnly {
			closing(t, j)
			j = open(t, fs, func(o *journal.Options) { o.ReadOnly = true })
		}
		if found, unreadable := harm(t, j); found != nil || unreadable != nil {
			t.Errorf("read-only %v: found %+v, unreadable %+v", readOnly, found, unreadable)
		}
	}
	closing(t, j)
}

// A damaged last group looks like one that was never acknowledged; that it is needed tells them apart.
func TestADamagedEndOfAKilledProcessIsMissingThoughSegmentsBehindItWent(t *testing.T) {
	for name, c := range map[string]struct {
		last   int // records in the last group
		damage string
	}{
		"the last record":             {1, "record 5"},
		"all of the last group":       {2, "record 4"},
		"one record of several":       {3, "record 4"},
		"the first record of several": {3, "record 3"},
	} {
		t.Run(name, func(t *testing.T) {
			fs, j := killedWithASlowOne(t, c.last)
			closing(t, j)
			f := filesOf(t, fs)
			first := firstSegment(t, fs)
			f = f.with(first, flip(f[first], indexOf(t, f[first], c.damage)))
			j = open(t, f.disk(t), func(o *journal.Options) { o.ReadOnly = true })
			defer closing(t, j)
			if found, unreadable := harm(t, j); found == nil || unreadable == nil {
				t.Errorf("found %+v, unreadable %+v", found, unreadable)
			} else {
				t.Log(found)
			}
		})
	}
}

func indexOf(t *testing.T, content []byte, what string) int {
	t.Helper()
	i := bytes.Index(content, []byte(what))
	if i < 0 {
		t.Fatalf("%s is not there", what)
	}
	return i
}
