package journal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// orphans makes a journal with the destinations old, new and other. Old is not configured any more; it has the records
// 1 to 20, of which 5 are settled, and the dead letters old1 and old2. Records 1 to 10 are for other, too.
func orphans(t testing.TB, fs *crashfs.FS, waiting int) *journal.Journal {
	t.Helper()
	j := open(t, fs)
	n := assign(t, j, "old", "new", "other")
	appendAll(t, j, records(1, 10, n[0], n[2]))
	appendAll(t, j, records(11, 10, n[0]))
	appendAll(t, j, records(21, waiting, n[1]))
	j.Ack(n[0], cursorAt(5))
	bury(t, j, n[0], "old1", "old2")
	bury(t, j, n[1], "new1")
	assign(t, j, "new", "other")
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	return j
}

// cursorAt is the cursor of a destination that has had all records up to seq.
func cursorAt(seq uint64) journal.Cursor {
	c := journal.Cursor{Seq: seq}
	for i := uint64(1); i <= seq; i++ {
		c.Totals = c.Plus(journal.Totals{Events: 1, Bytes: uint64(len(data(i)))})
	}
	return c
}

func bury(t testing.TB, j *journal.Journal, number uint32, letters ...string) {
	t.Helper()
	d, err := j.DeadLetters(number)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		if _, err := d.Append([][]byte{[]byte(l)}); err != nil {
			t.Fatal(err)
		}
	}
}

func buried(t testing.TB, j *journal.Journal, number uint32) (letters []string) {
	t.Helper()
	d, err := j.DeadLetters(number)
	if err != nil {
		t.Fatal(err)
	}
	for l, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, string(l.Data))
	}
	return letters
}

// texts returns the data of all that waits for a destination.
func texts(t testing.TB, j *journal.Journal, number uint32) (all []string) {
	t.Helper()
	r := j.Reader(number)
	defer r.Close()
	for {
		es, lost, err := r.Read(nil, 100, 1<<20)
		if err != nil || lost != (journal.Totals{}) {
			t.Fatalf("lost %v, %v", lost, err)
		}
		if len(es) == 0 {
			return all
		}
		for _, e := range es {
			all = append(all, string(e.Data))
		}
	}
}

func dataOf(from, to uint64) (all []string) {
	for seq := from; seq <= to; seq++ {
		all = append(all, string(data(seq)))
	}
	return all
}

func named(j *journal.Journal, name string) (journal.Destination, bool) {
	for _, d := range j.Destinations() {
		if d.Name == name {
			return d, true
		}
	}
	return journal.Destination{}, false
}

func TestAdopt(t *testing.T) {
	for name, c := range map[string]struct {
		to      string
		waiting int
		want    []string
		letters []string
	}{
		"by an unknown one":            {"fresh", 4, dataOf(6, 20), []string{"old1", "old2"}},
		"by one for which nothing is":  {"new", 0, dataOf(6, 20), []string{"old1", "old2", "new1"}},
		"by one for which events wait": {"new", 4, append(dataOf(21, 24), dataOf(6, 20)...), []string{"new1", "old1", "old2"}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := crashfs.New(1)
			j := orphans(t, fs, c.waiting)
			moved, err := j.Adopt("old", c.to)
			if err != nil || moved.Events.Events != 15 || moved.DeadLetters.Events != 2 {
				t.Fatalf("moved %+v, %v", moved, err)
			}
			for range 2 {
				d, ok := named(j, c.to)
				if _, still := named(j, "old"); still || !ok {
					t.Fatalf("destinations: %+v", j.Destinations())
				}
				if diff := cmp.Diff(c.want, texts(t, j, d.Number)); diff != "" {
					t.Errorf("events: %s", diff)
				}
				if diff := cmp.Diff(c.letters, buried(t, j, d.Number)); diff != "" {
					t.Errorf("letters: %s", diff)
				}
				other, _ := named(j, "other")
				expect(t, j, other.Number, seqs(1, 10))
				fs = fs.Crash()
				j = open(t, fs)
				if !j.Recovery().Clean() {
					t.Errorf("found %+v", j.Recovery())
				}
			}
		})
	}
}

func TestAdoptThatIsInterruptedLosesNothing(t *testing.T) {
	for _, to := range []string{"fresh", "new"} {
		for _, waiting := range []int{0, 4} {
			want := slices.Concat(dataOf(6, 20), dataOf(21, 20+uint64(waiting)))
			interrupted := 0
			for n := 1; ; n++ {
				fs := crashfs.New(uint64(n))
				j := orphans(t, fs, waiting)
				fs.DieAt(n)
				_, _ = j.Adopt("old", to)
				if !fs.Dead() {
					break
				}
				interrupted++
				if fs = fs.Kill(); n%2 == 0 {
					fs = fs.Crash()
				}
				j = open(t, fs)
				if _, there := named(j, "old"); there {
					if _, err := j.Adopt("old", to); err != nil {
						t.Fatalf("dead at %d, then: %v", n, err)
					}
				}
				checkNothingIsLost(t, j, n, want)
			}
			if interrupted < 3 {
				t.Errorf("interrupted only %d times", interrupted)
			}
		}
	}
}

func checkNothingIsLost(t *testing.T, j *journal.Journal, n int, want []string) {
	t.Helper()
	var all, letters []string
	for _, name := range []string{"new", "fresh"} {
		if d, ok := named(j, name); ok {
			all = append(all, texts(t, j, d.Number)...)
			letters = append(letters, buried(t, j, d.Number)...)
		}
	}
	for _, w := range want {
		if !slices.Contains(all, w) {
			t.Fatalf("dead at %d: %q is lost; there are %q", n, w, all)
		}
	}
	for _, w := range []string{"old1", "old2", "new1"} {
		if !slices.Contains(letters, w) {
			t.Fatalf("dead at %d: letter %q is lost; there are %q", n, w, letters)
		}
	}
}

func TestDrop(t *testing.T) {
	fs := crashfs.New(1)
	j := orphans(t, fs, 0)
	appendAll(t, j, records(21, 200, 2))
	last := j.LastSeq()
	old, _ := named(j, "old")
	before := j.Stats().Segments
	given, err := j.Drop("old")
	if err != nil || given.Events.Events != 15 || given.DeadLetters.Events != 2 {
		t.Fatalf("given up %+v, %v", given, err)
	}
	for range 2 {
		if _, there := named(j, "old"); there {
			t.Error("it is still there")
		}
		if _, err := j.DeadLetters(old.Number); err == nil {
			t.Error("its dead letters are still there")
		}
		if infos, err := fs.List(fmt.Sprintf("dead/%d", old.Number)); err != nil || len(infos) != 0 {
			t.Errorf("left: %v, %v", infos, err)
		}
		fs = fs.Crash()
		j = open(t, fs)
	}
	if n := assign(t, j, "old", "new", "other"); n[0] == old.Number {
		t.Errorf("the number %d is used again", n[0])
	}
	j.Ack(3, cursorAt(10))
	j.Ack(2, journal.Cursor{Seq: last})
	if err := errors.Join(j.SyncCursors(), j.Compact()); err != nil {
		t.Fatal(err)
	}
	if s := j.Stats(); s.Segments >= before || s.Segments > 3 {
		t.Errorf("%d segments are kept for nothing", s.Segments)
	}
}

func TestAdoptAndDropRefuse(t *testing.T) {
	j := orphans(t, crashfs.New(1), 0)
	adopt := func(from, to string) error { _, err := j.Adopt(from, to); return err }
	drop := func(name string) error { _, err := j.Drop(name); return err }
	for want, err := range map[string]error{
		"no destination \"none\"": adopt("none", "new"),
		"\"other\" was":           adopt("other", "new"),
		"what is its own":         adopt("old", "old"),
		"its own":                 adopt("#1", "old"),
		"identity of 0":           adopt("old", ""),
		"no destination \"#77\"":  drop("#77"),
		"no destination \"\"":     drop(""),
		"\"new\" was configured":  drop("new"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if len(j.Destinations()) != 3 {
		t.Errorf("refusals changed something: %+v", j.Destinations())
	}
	if err := drop("#1"); err != nil {
		t.Errorf("by number: %v", err)
	}
}
