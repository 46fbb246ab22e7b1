package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

func openDir(t testing.TB, dir string, readOnly bool) *journal.Journal {
	t.Helper()
	o := journal.Options{SegmentBytes: 4 << 10, SaveEvery: -1, Logger: silent, ReadOnly: readOnly}
	j, err := journal.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func closing(t testing.TB, j *journal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// filled makes a closed journal in a directory: the destinations a and b, the records 1 to 300 for both, of which a has
// settled 20, and three dead letters of b.
func filled(t testing.TB) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "journal")
	j := openDir(t, dir, false)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 300, n...))
	j.Ack(n[0], cursorAt(20))
	bury(t, j, n[1], "letter one", "letter two", "letter three")
	closing(t, j)
	return dir
}

func verify(t testing.TB, dir string) journal.Check {
	t.Helper()
	j := openDir(t, dir, true)
	defer j.Close()
	var done, all int64
	c, err := j.Verify(t.Context(), func(d, a int64) {
		if d < done {
			t.Errorf("progress went from %d to %d", done, d)
		}
		done, all = d, a
	})
	if err != nil {
		t.Fatal(err)
	}
	if done != all || all == 0 {
		t.Errorf("progress ended at %d of %d", done, all)
	}
	return c
}

func TestVerifyOfAGoodJournal(t *testing.T) {
	c := verify(t, filled(t))
	if len(c.Findings) > 0 || !c.Clean() {
		t.Errorf("found %+v", c.Findings)
	}
	if c.Records.Events != 300 || c.DeadLetters.Events != 3 || c.Segments < 3 || c.DeadSegments != 1 || c.Cursors != 2 || c.Frames < 303 {
		t.Errorf("counted %+v", c)
	}
}

func TestVerifyStops(t *testing.T) {
	j := openDir(t, filled(t), true)
	defer j.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Verify(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// matching returns the files below dir that match, relative to it.
func matching(t testing.TB, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	return names
}

func edit(t testing.TB, name string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			if at < 0 {
				at += len(b)
			}
			b[at] ^= 0x10
			return b
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		kind  journal.FindingKind
		file  string
	}{
		"a record": {func(t *testing.T, dir string) { edit(t, matching(t, dir, "log/*")[1], flip(1000)) }, journal.FoundDamage, "log/"},
		"a header": {func(t *testing.T, dir string) { edit(t, matching(t, dir, "log/*")[1], flip(20)) }, journal.FoundHeader, "log/"},
		"a table":  {func(t *testing.T, dir string) { edit(t, matching(t, dir, "log/*")[1], flip(64+40)) }, journal.FoundTable, "log/"},
		"a segment": {func(t *testing.T, dir string) {
			if err := os.Remove(matching(t, dir, "log/*")[1]); err != nil {
				t.Fatal(err)
			}
		}, journal.FoundMissing, "log/"},
		"another journal's": {func(t *testing.T, dir string) {
			b, err := os.ReadFile(matching(t, filled(t), "log/*")[0])
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "log", fmt.Sprintf("%020d.seg", 5000)), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, journal.FoundForeign, "log/00000000000000005000.seg"},
		"a segment twice": {func(t *testing.T, dir string) {
			b, err := os.ReadFile(matching(t, dir, "log/*")[0])
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "log", fmt.Sprintf("%020d.seg", 5000)), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, journal.FoundForeign, "log/00000000000000005000.seg"},
		"both cursors": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "cursors"), func(b []byte) []byte { return make([]byte, len(b)) })
		}, journal.FoundCursor, "cursors"},
		"a dead letter":     {func(t *testing.T, dir string) { edit(t, matching(t, dir, "dead/2/*")[0], flip(64+40+33)) }, journal.FoundDamage, "dead/2/"},
		"the last letter":   {func(t *testing.T, dir string) { edit(t, matching(t, dir, "dead/2/*")[0], flip(-32-10)) }, journal.FoundDamage, "dead/2/"},
		"a letter's header": {func(t *testing.T, dir string) { edit(t, matching(t, dir, "dead/2/*")[0], flip(10)) }, journal.FoundHeader, "dead/2"},
		"letters of nobody": {func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "dead/2"), filepath.Join(dir, "dead/9")); err != nil {
				t.Fatal(err)
			}
		}, journal.FoundLeftOver, "dead/9"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			c.spoil(t, dir)
			before := snapshot(t, dir)
			check := verify(t, dir)
			found := false
			for _, f := range check.Findings {
				found = found || f.Kind == c.kind && strings.HasPrefix(f.File, c.file) && f.What != "" && f.Cure != ""
			}
			if !found || len(check.Findings) != 1 && c.kind != journal.FoundCursor { // one for each destination
				t.Errorf("found %+v", check.Findings)
			}
			if check.Clean() != (c.kind == journal.FoundLeftOver) {
				t.Errorf("Clean is %v", check.Clean())
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("looking has changed the journal: %s", diff)
			}
		})
	}
}

// What is to be done with a segment that does not belong is not the same for a copy and for one that was renamed.
func TestWhatToDoWithSegmentsUnderOtherNames(t *testing.T) {
	for want, do := range map[string]func(from, to string) error{
		"delete it, as log/00000000000000000001.seg is there": func(from, to string) error {
			b, err := os.ReadFile(from)
			return errors.Join(err, os.WriteFile(to, b, 0o600))
		},
		"give it the name log/00000000000000000001.seg again": os.Rename,
	} {
		dir := filled(t)
		from := matching(t, dir, "log/*")[0]
		if err := do(from, filepath.Join(dir, "log", fmt.Sprintf("%020d.seg", 5000))); err != nil {
			t.Fatal(err)
		}
		c := verify(t, dir)
		i := slices.IndexFunc(c.Findings, func(f journal.Finding) bool { return f.Kind == journal.FoundForeign })
		if i < 0 || !strings.Contains(c.Findings[i].Cure, want) {
			t.Errorf("want %q: %+v", want, c.Findings)
		}
	}
}

// Of what Entries passes over because it cannot be read, Unreadable says where it was.
func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		found int
	}{
		"nothing":       {func(*testing.T, string) {}, 0},
		"a dead letter": {func(t *testing.T, dir string) { edit(t, matching(t, dir, "dead/2/*")[0], flipped(64+40+33)) }, 0},
		"a table":       {func(t *testing.T, dir string) { edit(t, matching(t, dir, "log/*")[1], flipped(64+40)) }, 0},
		"a record":      {func(t *testing.T, dir string) { edit(t, matching(t, dir, "log/*")[0], flipped(1000)) }, 1},
		"a segment": {func(t *testing.T, dir string) {
			if err := os.Remove(matching(t, dir, "log/*")[1]); err != nil {
				t.Fatal(err)
			}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			c.spoil(t, dir)
			j := openDir(t, dir, true)
			defer j.Close()
			if got, err := j.Unreadable(t.Context()); err != nil || len(got) != c.found {
				t.Errorf("want %d: %+v, %v", c.found, got, err)
			}
		})
	}
}

func flipped(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		b[at] ^= 0x10
		return b
	}
}

// snapshot returns the content of all files.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Whatever bit of a frame is flipped, Verify finds it, but for padding, and for a damaged end.
func TestVerifyFindsFlippedBits(t *testing.T) {
	dir := filled(t)
	missed, flips := 0, 60
	for range flips {
		names := append(matching(t, dir, "log/*"), matching(t, dir, "dead/2/*")...)
		name := names[rand.IntN(len(names))]
		at, bit := 0, byte(1)<<rand.IntN(8)
		change := func(b []byte) []byte {
			b[at] ^= bit
			return b
		}
		edit(t, name, func(b []byte) []byte {
			at = rand.IntN(len(b))
			return change(b)
		})
		if len(verify(t, dir).Findings) == 0 {
			missed++
		}
		edit(t, name, change)
	}
	if missed > flips/5 {
		t.Errorf("%d of %d flipped bits were not seen", missed, flips)
	}
	if c := verify(t, dir); len(c.Findings) > 0 {
		t.Errorf("all bits are as they were, but: %+v", c.Findings)
	}
}

func entrySeqs(t testing.TB, j *journal.Journal, from uint64) (got []uint64) {
	t.Helper()
	for r, err := range j.Entries(from) {
		if err != nil {
			t.Fatal(err)
		}
		if string(r.Data) != string(data(r.Seq)) {
			t.Fatalf("record %d is %q", r.Seq, r.Data)
		}
		got = append(got, r.Seq)
	}
	return got
}

func TestEntriesFollowAJournalInUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := openDir(t, dir, false)
	defer j.Close()
	n := assign(t, j, "a", "b")
	look := openDir(t, dir, true)
	defer look.Close()
	var got []uint64
	next := uint64(1)
	for first := uint64(1); first < 500; first += 50 {
		appendAll(t, j, records(first, 50, n...))
		for _, seq := range entrySeqs(t, look, next) {
			got = append(got, seq)
			next = seq + 1
		}
	}
	if diff := cmp.Diff(seqs(1, 500), got); diff != "" {
		t.Error(diff)
	}
	for r, err := range look.Entries(7) {
		if err != nil || r.Seq != 7 || cmp.Diff(n, r.Destinations) != "" {
			t.Errorf("got %+v, %v", r, err)
		}
		break
	}
	if c := verify(t, dir); len(c.Findings) > 0 {
		t.Errorf("a journal in use: %+v", c.Findings)
	}
}

func TestEntriesWhileSegmentsAreRewritten(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	for first := uint64(1); first < 1000; first += 2 {
		appendAll(t, j, append(records(first, 1, n[0]), records(first+1, 1, n[1])...))
	}
	look := open(t, fs, func(o *journal.Options) { o.ReadOnly = true })
	var got []uint64
	for r, err := range look.Entries(1) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Seq)
		if r.Seq == 100 { // from here on, only what is for b is kept
			j.Ack(n[0], journal.Cursor{Seq: 999})
			if err := errors.Join(j.SyncCursors(), j.Compact()); err != nil {
				t.Fatal(err)
			}
		}
	}
	have := map[uint64]bool{}
	for i, seq := range got {
		have[seq] = true
		if i > 0 && seq <= got[i-1] {
			t.Fatalf("%d comes behind %d", seq, got[i-1])
		}
	}
	for seq := uint64(2); seq <= 1000; seq += 2 {
		if !have[seq] {
			t.Fatalf("record %d was passed over", seq)
		}
	}
	if len(got) > 950 {
		t.Errorf("nothing was rewritten: %d records", len(got))
	}
}

func TestStatus(t *testing.T) {
	dir := filled(t)
	if err := os.MkdirAll(filepath.Join(dir, "quarantine"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "quarantine", "x"), []byte("bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := openDir(t, dir, false)
	look := openDir(t, dir, true)
	defer look.Close()
	s, err := look.Status()
	if err != nil {
		t.Fatal(err)
	}
	if s.ID != j.ID() || s.LastSeq != 300 || s.Holder == nil || s.Holder.PID != os.Getpid() || s.FreeBytes <= 0 || s.Segments < 3 ||
		s.LogBytes < 10_000 || s.DeadBytes < 100 || s.QuarantineBytes != 3 || len(s.Quarantined) != 1 || len(s.Destinations) != 2 {
		t.Fatalf("got %+v", s)
	}
	a, b := s.Destinations[0], s.Destinations[1]
	if a.Name != "a" || a.Waiting.Events != 280 || a.DeadLetters.Events != 0 || a.Oldest.IsZero() || a.Newest != 300 || a.Done.Seq != 20 {
		t.Errorf("a: %+v", a)
	}
	if b.Waiting.Events != 300 || b.DeadLetters.Events != 3 {
		t.Errorf("b: %+v", b)
	}
	closing(t, j)
	if s, err := look.Status(); err != nil || s.Holder != nil {
		t.Errorf("nobody has it: %+v, %v", s.Holder, err)
	}
}
