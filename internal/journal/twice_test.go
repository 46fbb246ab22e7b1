package journal_test

import (
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// killedCompaction returns what a process leaves that is killed at the k-th operation of a compaction, and whether it was.
// Number n needs every tenth record from the fifth on.
func killedCompaction(t *testing.T, seed uint64, k int) (fs *crashfs.FS, n uint32, killed bool) {
	t.Helper()
	fs = crashfs.New(seed)
	j := open(t, fs)
	numbers := assign(t, j, "alive", "dead")
	mixed(t, j, 200, numbers)
	ack(j, numbers[0], 190)
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	fs.DieAt(k)
	err := j.Compact()
	return fs.Kill(), numbers[1], err != nil
}

// A process is killed at any operation of a compaction, and the power fails at any operation of the opening that follows.
func TestPowerCutWhileOpeningAfterAKill(t *testing.T) {
	cuts := 0
	for k, killed := 1, true; killed; k++ {
		for m, cut := 1, true; cut; m++ {
			for seed := range uint64(5) {
				var (
					fs *crashfs.FS
					n  uint32
				)
				fs, n, killed = killedCompaction(t, uint64(k<<20|m<<8)+seed, k)
				if fs, cut = openUntil(fs, m); cut {
					cuts++
				}
				after := open(t, fs)
				expect(t, after, n, everyTenth(200))
				if r := after.Recovery(); !r.Clean() {
					t.Fatalf("killed at operation %d, power cut at operation %d: %+v", k, m, r)
				}
				after.Close()
			}
		}
	}
	if cuts < 500 {
		t.Errorf("only %d power cuts", cuts)
	}
}

// openUntil opens a journal, cuts the power at the m-th operation of that, and returns what is left. If it takes fewer
// operations, there is no cut before the end.
func openUntil(fs *crashfs.FS, m int) (left *crashfs.FS, cut bool) {
	fs.DieAt(m)
	if j, err := journal.Open("test", journal.Options{FS: fs, Logger: silent, SaveEvery: -1, SegmentBytes: 4 << 10}); err == nil {
		j.Close()
	}
	cut = fs.Dead()
	return fs.Crash(), cut
}

func everyTenth(n uint64) (seqs []uint64) {
	for seq := uint64(5); seq <= n; seq += 10 {
		seqs = append(seqs, seq)
	}
	return seqs
}
