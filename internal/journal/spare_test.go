package journal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// settle says that a destination is done with all that there is.
func settle(t *testing.T, j *journal.Journal, numbers ...uint32) {
	t.Helper()
	for _, d := range j.Destinations() {
		for _, number := range numbers {
			if d.Number == number {
				j.Ack(number, journal.Cursor{Seq: d.Newest, Totals: d.Accepted})
			}
		}
	}
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
}

// rollOver appends records until another segment has begun, and returns the Seqs of the new one.
func rollOver(t *testing.T, j *journal.Journal, number uint32) []uint64 {
	t.Helper()
	for before := j.Stats(); ; {
		seq := j.LastSeq() + 1
		if err := j.Append(records(seq, 1, number)); err != nil {
			t.Fatal(err)
		}
		if after := j.Stats(); after.Segments > before.Segments {
			return []uint64{seq}
		}
	}
}

// recycled makes a journal that has a spare file, and whose newest segment has the one record seq.
func recycled(t *testing.T, fs *crashfs.FS, change ...func(*journal.Options)) (j *journal.Journal, number uint32, seq uint64) {
	t.Helper()
	j = open(t, fs, change...)
	number = assign(t, j, "a")[0]
	appendAll(t, j, records(1, 1, number))
	seq = rollOver(t, j, number)[0]
	settle(t, j, number)
	if err := j.Compact(); err != nil {
		t.Fatal(err)
	}
	if !hasSpare(t, fs) {
		t.Fatal("there is no spare file")
	}
	return j, number, seq
}

func hasSpare(t *testing.T, fs *crashfs.FS) bool {
	t.Helper()
	for name := range filesOf(t, fs) {
		if strings.Contains(name, "spare") {
			return true
		}
	}
	return false
}

// A segment that is written over an older one is like any other: what was there before is neither read nor taken for
// damage, by the process itself, by one that looks, and by the one that comes after a kill or a power cut.
func TestASegmentOverAnOlderOne(t *testing.T) {
	for name, end := range map[string]func(*crashfs.FS) *crashfs.FS{"kill": (*crashfs.FS).Kill, "power cut": (*crashfs.FS).Crash} {
		t.Run(name, func(t *testing.T) {
			fs := crashfs.New(1)
			j, number, _ := recycled(t, fs)
			var want []uint64
			for round := range uint64(5) {
				want = rollOver(t, j, number)
				if got := j.Stats().Reused; got != round+1 {
					t.Fatalf("round %d: %d files were used again", round, got)
				}
				settle(t, j, number)
				if err := j.Compact(); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				seq := j.LastSeq() + 1
				appendAll(t, j, records(seq, 1, number))
				want = append(want, seq)
			}
			want = want[1:] // the first is settled
			expect(t, j, number, want)
			clean(t, j)
			fs = end(fs)
			j = open(t, fs)
			if r := j.Recovery(); !r.Clean() || r.TornBytes != 0 {
				t.Errorf("%+v", r)
			}
			expect(t, j, number, want)
			clean(t, j)
			if hasSpare(t, fs) {
				t.Error("the spare file is still there")
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// clean checks that Verify finds nothing.
func clean(t *testing.T, j *journal.Journal) {
	t.Helper()
	c, err := j.Verify(t.Context(), nil)
	if err != nil || len(c.Findings) > 0 {
		t.Errorf("%+v, %v", c.Findings, err)
	}
}

// The file of a segment that somebody still reads is left to him.
func TestAFileThatIsReadIsNotUsedAgain(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 1, n...))
	seq := rollOver(t, j, n[0])[0]
	r := j.Reader(n[0])
	defer r.Close()
	first, _, err := r.Read(nil, 1, 1<<20)
	if err != nil || len(first) != 1 {
		t.Fatalf("%v, %v", first, err)
	}
	settle(t, j, n...)
	if err := j.Compact(); err != nil {
		t.Fatal(err)
	}
	if hasSpare(t, fs) {
		t.Error("the file that is read is the spare file")
	}
	got, lost := readOn(t, r)
	if diff := cmp.Diff(seqs(2, seq), got); diff != "" || lost != (journal.Totals{}) {
		t.Errorf("lost %v, %s", lost, diff)
	}
}

// The spare file is given back when nobody needs it, when its room is wanted, and at the end.
func TestTheSpareFileIsGivenBack(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *crashfs.FS, *journal.Journal, uint32){
		"idle": func(t *testing.T, _ *crashfs.FS, j *journal.Journal, _ uint32) {
			for range 3 {
				if err := j.Compact(); err != nil {
					t.Fatal(err)
				}
			}
		},
		"full": func(t *testing.T, fs *crashfs.FS, j *journal.Journal, number uint32) {
			fs.SetCapacity(fs.Used())
			group := records(j.LastSeq()+1, 200, number)
			if err := j.Append(group); !journal.IsNoRoom(err) {
				t.Fatalf("a full disk: %v", err)
			}
			if err := j.Compact(); err != nil && !journal.IsNoRoom(err) {
				t.Fatal(err)
			}
		},
		"close": func(t *testing.T, _ *crashfs.FS, j *journal.Journal, _ uint32) {
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs := crashfs.New(1)
			j, number, _ := recycled(t, fs)
			defer j.Close()
			taken := j.Stats().DiskBytes
			end(t, fs, j, number)
			if hasSpare(t, fs) {
				t.Error("it is still there")
			}
			if now := j.Stats().DiskBytes; now >= taken {
				t.Errorf("%d bytes before, %d after", taken, now)
			}
		})
	}
}

// With a limit to what the log takes there is no spare file.
func TestALimitedLogKeepsNoSpareFile(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs, func(o *journal.Options) { o.MaxBytes = 1 << 20 })
	defer j.Close()
	n := assign(t, j, "a")
	for range 3 {
		rollOver(t, j, n[0])
		settle(t, j, n...)
		if err := j.Compact(); err != nil {
			t.Fatal(err)
		}
		if hasSpare(t, fs) {
			t.Fatal("there is one")
		}
	}
}

// Another process checks the journal while the file that it reads is written over: that is no damage.
func TestVerifyWhileAFileIsUsedAgain(t *testing.T) {
	fs := crashfs.New(1)
	large := func(o *journal.Options) { o.SegmentBytes = 256 << 10 }
	j := open(t, fs, large)
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 1, n...))
	rollOver(t, j, n[0])
	look := open(t, fs, large, func(o *journal.Options) { o.ReadOnly = true })
	defer look.Close()
	over := false
	c, err := look.Verify(t.Context(), func(done, _ int64) {
		if over || done == 0 {
			return
		}
		over = true
		settle(t, j, n...)
		if err := j.Compact(); err != nil {
			t.Error(err)
		}
		rollOver(t, j, n[0])
	})
	if err != nil || !over || j.Stats().Reused != 1 {
		t.Fatalf("%v; written over: %v, %d times", err, over, j.Stats().Reused)
	}
	if len(c.Findings) > 0 {
		t.Errorf("%+v", c.Findings)
	}
}
