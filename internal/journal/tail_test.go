package journal_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// A group fails, and what was written of it is still there after a power cut. Its Seqs were given again, and the segment
// that has them, which nobody needs any more, says that they do not count where they failed. So it stays.
func TestAFailedGroupStaysFailed(t *testing.T) {
	for _, killed := range []bool{false, true} {
		for seed := range uint64(40) {
			fs := crashfs.New(seed)
			j := open(t, fs)
			n := assign(t, j, "slow", "quick")
			appendAll(t, j, records(1, 3, n[0]))
			fs.SetHook(failing(crashfs.Sync, "log/", ".seg"))
			if err := j.Append(records(4, 3, n[0])); err == nil {
				t.Fatal("the group did not fail")
			}
			fs.SetHook(nil)
			appendAll(t, j, records(4, 3, n[1]))
			if killed {
				fs = fs.Kill()
				j = open(t, fs)
			}
			fs.SetHook(failing(crashfs.Create, "log/", ".tmp")) // or the slow one's segment would be written anew
			appendAll(t, j, records(j.LastSeq()+1, 100, n[1]))
			j.Ack(n[1], journal.Cursor{Seq: j.LastSeq(), Totals: accepted(t, j, n[1])})
			compactAsFarAsCanBe(t, j)

			after := open(t, fs.Crash())
			expect(t, after, n[0], seqs(1, 3))
			after.Close()
		}
	}
}

// failing has operations of one kind fail, but be done, on files of such names.
func failing(kind crashfs.Kind, prefix, suffix string) func(crashfs.Op) crashfs.Fault {
	return func(op crashfs.Op) crashfs.Fault {
		if op.Kind == kind && strings.HasPrefix(op.Name, prefix) && strings.HasSuffix(op.Name, suffix) {
			return crashfs.Fault{Err: syscall.EIO, Done: kind == crashfs.Sync}
		}
		return crashfs.Fault{}
	}
}

func compactAsFarAsCanBe(t *testing.T, j *journal.Journal) {
	t.Helper()
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	if err := j.Compact(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
}

func accepted(t *testing.T, j *journal.Journal, number uint32) journal.Totals {
	t.Helper()
	for _, d := range j.Destinations() {
		if d.Number == number {
			return d.Accepted
		}
	}
	t.Fatalf("no number %d", number)
	return journal.Totals{}
}
