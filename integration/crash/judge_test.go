//go:build linux

package crash

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// allowed is what a fault may cost.
type allowed struct {
	// duplicates beside those that ambiguous answers explain, at each station.
	duplicates int
	// lost events at each station: not one, unless the disk was damaged.
	lost int
}

// outcome is what came of one world.
type outcome struct {
	accepted, lost, duplicates, letters, letterDuplicates int
}

func (o *outcome) add(other outcome) {
	o.accepted += other.accepted
	o.lost += other.lost
	o.duplicates += other.duplicates
	o.letters += other.letters
	o.letterDuplicates += other.letterDuplicates
}

func (o outcome) String() string {
	return fmt.Sprintf("%d accepted, %d lost, 0 invented, 0 damaged, 0 out of order, %d duplicates, %d dead letters (%d twice)",
		o.accepted, o.lost, o.duplicates, o.letters, o.letterDuplicates)
}

// finish has a clean run deliver what is left, and judges.
func (w *world) finish(a allowed) outcome {
	w.t.Helper()
	w.calm()
	if !w.drain() {
		return outcome{}
	}
	return w.judge(a)
}

// drain delivers all that the journal holds. It is false if there is no journal, because it was killed before it was made.
func (w *world) drain() bool {
	w.t.Helper()
	l := w.live("drain", "--timeout", "2m")
	l.endOfInput()
	codes := []int{0, 4} // 4: there are dead letters
	if w.acked.Load() == 0 {
		codes = append(codes, 2)
	}
	l.mustEnd(3*time.Minute, codes...)
	return l.code != 2
}

// judge compares what came with what was accepted. What the picky station refused for good must be a dead letter.
func (w *world) judge(a allowed) outcome {
	w.t.Helper()
	return w.judgeWith(w.letters(), a)
}

// judgeWith has the dead letters by station and id, from wherever they are.
func (w *world) judgeWith(letters map[string]map[string]int, a allowed) (o outcome) {
	w.t.Helper()
	o.accepted = int(w.acked.Load())
	for _, s := range w.stations {
		v := s.witness.Verdict()
		dead := letters[s.name]
		v.Missing = slices.DeleteFunc(v.Missing, func(id string) bool { return dead[id] > 0 || !s.takes(id) })
		o.lost += len(v.Missing)
		o.duplicates += len(v.Duplicates)
		bound := a.duplicates + int(s.ambiguous.Load())
		if a.lost > 0 && len(v.Missing) <= a.lost {
			v.Missing = nil
		}
		v.Accepted = max(1, v.Accepted) // a short run may be void; whether a test is, it says itself
		if err := v.Err(bound); err != nil {
			w.t.Error(err)
		}
		for id, times := range dead {
			o.letters++
			o.letterDuplicates += times - 1
			if !s.wasRefused(id) || !w.oracle.Minted(id) {
				w.t.Errorf("%s: %s is a dead letter and was never refused", s.name, id)
			}
		}
		if o.letterDuplicates > a.duplicates {
			w.t.Errorf("%s: %d dead letters are there twice, at most %d allowed", s.name, o.letterDuplicates, a.duplicates)
		}
	}
	w.allOrNone(letters, a)
	witnessed.duplicates.Add(int64(o.duplicates))
	witnessed.letters.Add(int64(o.letters))
	return o
}

// allOrNone checks that what came to one station came to all, acknowledged or not (T50).
func (w *world) allOrNone(letters map[string]map[string]int, a allowed) {
	w.t.Helper()
	if a.lost > 0 {
		return
	}
	for _, s := range w.stations {
		for _, id := range s.witness.Seen() {
			for _, other := range w.stations {
				if other.takes(id) && !other.witness.Saw(id) && letters[other.name][id] == 0 {
					w.t.Errorf("%s came to %s and not to %s", id, s.name, other.name)
				}
			}
		}
	}
}

// letters are the dead letters on disk: how often each id is there, by station.
func (w *world) letters() map[string]map[string]int {
	w.t.Helper()
	letters := map[string]map[string]int{}
	for _, s := range w.stations {
		letters[s.name] = map[string]int{}
	}
	out, said, code := w.tell("deadletters", "list", "--output", "json")
	if code != 0 && !(w.spoilt && code == 1 && strings.Contains(said, "cannot be read and are not listed: ")) {
		w.t.Fatalf("evhub deadletters list: exit code %d: %s%s", code, out, said)
	}
	for line := range strings.Lines(out) {
		var letter struct{ ID, Destination string }
		if err := json.Unmarshal([]byte(line), &letter); err != nil {
			w.t.Fatalf("a line of deadletters list: %v: %s", err, line)
		}
		if letter.ID == "" {
			continue
		}
		name := strings.TrimPrefix(letter.Destination, "http:")
		if letters[name] == nil {
			w.t.Fatalf("dead letter of an unknown destination: %s", line)
		}
		letters[name][letter.ID]++
	}
	return letters
}
