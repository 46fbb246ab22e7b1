//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// damage is something done to the files of a journal that nobody has open.
type damage struct {
	name string
	// files chooses from the paths below the journal's folder.
	files func(path string) bool
	do    func(t *testing.T, rng *rand.Rand, w *world, path string)
	// lost is how many events may be gone at each station; all: however many.
	lost int
	// again is whether everything may come twice.
	again bool
	// refused is whether the command may refuse to open what is left, and say what to do.
	refused bool
}

const all = 1 << 30

func inLog(path string) bool     { return strings.HasPrefix(path, "log/") }
func cursors(path string) bool   { return path == "cursors" }
func inLetters(path string) bool { return strings.HasPrefix(path, "dead/") }
func identity(path string) bool  { return path == "JOURNAL" }

func damages() []damage {
	return []damage{
		{name: "flip in the log", files: inLog, do: flip, lost: all},
		{name: "zeros in the log", files: inLog, do: zeros, lost: all},
		{name: "garbage in the log", files: inLog, do: garbage, lost: all},
		{name: "log cut off", files: inLog, do: cutOff, lost: all},
		{name: "garbage behind the log", files: inLog, do: garbageTail},
		{name: "zeros behind the log", files: inLog, do: zeroTail},
		{name: "segment missing", files: inLog, do: remove, lost: all},
		{name: "segment twice", files: inLog, do: twice},
		{name: "segment of another journal", files: inLog, do: foreign},
		{name: "segment empty", files: inLog, do: empty, lost: all},
		{name: "flip in the cursors", files: cursors, do: flip, again: true},
		{name: "zeros in the cursors", files: cursors, do: zeros, again: true},
		{name: "garbage in the cursors", files: cursors, do: garbage, again: true},
		{name: "cursors cut off", files: cursors, do: cutOff, again: true},
		{name: "cursors missing", files: cursors, do: remove, again: true},
		{name: "cursors empty", files: cursors, do: empty, again: true},
		{name: "flip in dead letters", files: inLetters, do: flip, lost: all},
		{name: "dead letters cut off", files: inLetters, do: cutOff, lost: all},
		{name: "dead letters missing", files: inLetters, do: remove, lost: all},
		{name: "flip in the identity", files: identity, do: flip, refused: true},
		{name: "identity empty", files: identity, do: empty, refused: true},
		{name: "identity missing", files: identity, do: remove, refused: true},
	}
}

// TestDamage damages files of a journal at random places (T05, T06, T13, T14, T23, T24). The command then delivers the rest, in order, or
// refuses and says what to do; it neither crashes, nor hangs, nor spins.
func TestDamage(t *testing.T) {
	seed, start := seed(t), time.Now()
	kinds, times := damages(), form(1, 12, 200)
	e := newEnumeration(times*len(kinds), 0, nil)
	got := e.run(t, func(t *testing.T, n int) (outcome, bool) {
		return kinds[n%len(kinds)].strike(t, seed, uint64(n))
	})
	t.Logf("proof: seed %d: %d damaged journals, %d kinds of damage: %v, %v",
		seed, got.hits, len(kinds), got.outcome, time.Since(start).Round(time.Second))
}

// strike damages one journal and drains what is left.
func (d damage) strike(t *testing.T, seed, stream uint64) (o outcome, done bool) {
	w := scripted(t, seed, stream)
	w.half()
	paths := slices.DeleteFunc(w.files(), func(path string) bool { return !d.files(path) })
	if len(paths) == 0 {
		return o, false // it was killed before there was one
	}
	path := paths[w.rng.IntN(len(paths))]
	d.do(t, w.rng, w, filepath.Join(w.dir, path))
	w.spoilt = true
	t.Logf("%s: %s", d.name, path)

	w.calm()
	l := w.live("drain", "--timeout", "20s")
	l.endOfInput()
	l.mustEnd(time.Minute, 0, 1, 2, 4)
	if cpu := l.cmd.ProcessState.UserTime() + l.cmd.ProcessState.SystemTime(); cpu > 5*time.Second {
		t.Errorf("it worked for %v", cpu)
	}
	if l.code != 0 && l.code != 4 && !l.said.has("lost") {
		if !d.refused || len(strings.TrimSpace(l.said.String())) < 40 {
			t.Errorf("refused, with code %d; it said:\n%s", l.code, l.said)
		}
		return o, true
	}
	a := allowed{lost: d.lost, duplicates: 2 * batch * window} // of the two lives before
	if d.again {
		a.duplicates = all
	}
	witnessed.quarantines.Add(int64(w.quarantined()))
	o = w.judge(a)
	w.lossIsTold(l)
	if t.Failed() || testing.Verbose() {
		t.Logf("%v; it said:\n%s", o, l.said)
	}
	return o, true
}

// lossIsTold checks that the command has counted what is missing because of the damage, for each station or as what the
// end of the log lacks, and has failed.
func (w *world) lossIsTold(l *life) {
	w.t.Helper()
	told, atEnd := map[string]int{}, map[string]int{}
	for line := range strings.Lines(l.said.String()) {
		var n int
		if missed, by, ok := strings.Cut(line, " at the end of the journal "); ok {
			_, _ = fmt.Sscanf(missed, "lost: %d event", &n)
			_, by, _ = strings.Cut(by, "which may have been for ")
			by, _, _ = strings.Cut(by, " (see ")
			for name := range strings.SplitSeq(by, ", ") {
				atEnd[strings.TrimPrefix(name, "http:")] += n
			}
		}
		if _, after, ok := strings.Cut(line, "events are lost: the log is damaged"); ok {
			_, after, _ = strings.Cut(after, "destination=http:")
			name, after, _ := strings.Cut(after, " ")
			_, _ = fmt.Sscanf(after, "events=%d", &n)
			told[name] += n
		}
	}
	letters := w.letters()
	for _, s := range w.stations {
		missing, unproven := 0, 0
		for _, id := range s.witness.Verdict().Missing {
			if !s.takes(id) || letters[s.name][id] > 0 {
				continue
			}
			missing++
			if !w.anybodySaw(id) { // what nobody has had, at the end of the log, might never have been there
				unproven++
			}
		}
		// What was delivered behind the last cursor that a kill let it write counts as lost, too, or proves nothing.
		if missing > told[s.name]+atEnd[s.name]+unproven+2*batch*window || missing+2*batch*window < told[s.name] {
			w.t.Errorf("%s: %d events are missing, %d of them unproven; told are %d, and %d at the end of the log", s.name, missing, unproven, told[s.name], atEnd[s.name])
		}
		if told[s.name]+atEnd[s.name] > 0 && l.code == 0 {
			w.t.Errorf("%s: %d and %d at the end are told as lost, and the exit code is 0", s.name, told[s.name], atEnd[s.name])
		}
	}
}

// anybodySaw reports whether an event came to any station.
func (w *world) anybodySaw(id string) bool {
	return slices.ContainsFunc(w.stations, func(s *station) bool { return s.witness.Saw(id) || s.wasRefused(id) })
}

// half leaves a journal of which one station has had about half, and another nothing. Half of the time it is killed.
func (w *world) half() {
	w.t.Helper()
	w.flags = []string{"--journal-segment", "8KiB"}
	w.station("rare").become(down)
	for _, m := range []mood{steady, down} {
		w.station("steady").become(m)
		l := w.live("put", "--ack", "--timeout", "400ms")
		l.feedOnly(100, 6000)
		eventually(30*time.Second, func() bool { return l.acked.Load() >= 100 || over(l.ended) }) // it may give up on a busy machine
		if w.rng.IntN(2) == 0 {
			l.await(30 * time.Second)
		}
		l.kill()
		if l.acked.Load() == 0 {
			w.t.Fatalf("no event was accepted; it said:\n%s", l.said)
		}
	}
}

// files are the paths below the journal's folder, sorted.
func (w *world) files() (paths []string) {
	w.t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			path, err = filepath.Rel(w.dir, path)
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return paths
}

// quarantined is how many files were set aside.
func (w *world) quarantined() (n int) {
	for _, path := range w.files() {
		if strings.HasPrefix(path, "quarantine/") {
			n++
		}
	}
	return n
}
