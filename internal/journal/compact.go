package journal

import (
	"errors"

	"github.com/evhub/evhub/internal/journal/segment"
)

// Compact makes room: it removes the segments that nothing needs, and rewrites those that keep little. With a journal
// that runs in the background it need not be called.
func (j *Journal) Compact() error {
	if err := j.usable(); err != nil {
		return err
	}
	return j.compact(true)
}

// compact makes room. When it is not urgent, it leaves segments alone that a destination is reading its way through.
func (j *Journal) compact(urgent bool) error {
	j.compacting.Lock()
	defer j.compacting.Unlock()
	if j.usable() != nil {
		return nil // closed meanwhile
	}
	j.dropIdleSpares()
	err := j.unlinkDone()
	if urgent && j.noRoom() {
		err = errors.Join(err, j.endActive(), j.unlinkDone())
	}
	err = errors.Join(err, j.rewriteAll(j.sparse(urgent)), j.unlinkDone())
	j.ballast.keep(j)
	return err
}

func (j *Journal) noRoom() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.stats.NoRoomSince.IsZero()
}

// endActive ends the active segment, if less than half of it is needed: the newest segment is never given up, so another
// one has to be the newest.
func (j *Journal) endActive() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	last := len(j.segments) - 1
	useful := last >= 0 && !j.segments[last].empty() && 2*j.wanted(last) < j.segments[last].end
	j.mu.Unlock()
	if !useful {
		return nil
	}
	j.seal()
	err := j.begin(bare)
	if IsNoRoom(err) && j.ballast.give(j) {
		err = j.begin(bare)
	}
	return err
}

// sparse returns runs of neighbouring segments that are better one smaller segment.
func (j *Journal) sparse(urgent bool) (runs [][]*logSegment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var run plan
	for i, s := range j.segments {
		wanted := j.wanted(i)
		settled := urgent || s.wanted == wanted
		s.wanted = wanted
		newest := i == len(j.segments)-1 || s == j.active
		fits := !newest && settled && s.before != nil && !s.empty()
		small := wanted <= j.segmentBytes()/8
		if !fits || 2*wanted >= s.size && !small || run.wanted+wanted > j.segmentBytes() {
			runs = run.end(runs)
		}
		if fits && (2*wanted < s.size || small) {
			run.run = append(run.run, s)
			run.wanted += wanted
		}
	}
	return run.end(runs)
}

// plan is a run of segments that may be rewritten as one.
type plan struct {
	run    []*logSegment
	wanted int64
}

// end closes a run. It is worth its while if it halves what its segments take, or if it brings together segments none
// of which is most of it, so that no record is merged more often than the logarithm of the size says. Else a part of it
// may be.
func (p *plan) end(runs [][]*logSegment) [][]*logSegment {
	runs = worthwhile(runs, p.run)
	*p = plan{}
	return runs
}

func worthwhile(runs [][]*logSegment, run []*logSegment) [][]*logSegment {
	if len(run) == 0 || len(run) == 1 && run[0].rewritten && run[0].tried == run[0].wanted {
		return runs
	}
	var size, wanted int64
	largest := 0
	for i, s := range run {
		size += s.size
		wanted += s.wanted
		if s.wanted > run[largest].wanted {
			largest = i
		}
	}
	if 2*wanted < size || len(run) > 1 && 2*run[largest].wanted <= wanted {
		return append(runs, run)
	}
	runs = worthwhile(runs, run[:largest])
	return worthwhile(runs, run[largest+1:])
}

// wanted estimates how many bytes of segment i are needed: what each destination still needs in sum, though one record
// may be for several. The caller holds mu.
func (j *Journal) wanted(i int) (bytes int64) {
	s := j.segments[i]
	for _, d := range j.state.dests {
		if d == nil {
			continue
		}
		done := j.cursors.durable(d.number)
		if !j.needs(i, d, done.Seq) {
			continue
		}
		before := s.before.of(d.number).accepted
		if s.before == nil || before.Events < done.Events {
			before = done.Totals
		}
		t := j.after(i, d).accepted.Minus(before)
		if t.Events == 0 {
			return s.size // the totals contradict the Seqs: somebody's count is off
		}
		bytes += int64(t.Bytes + t.Events*(segment.FrameHeaderSize+8))
	}
	return min(bytes, s.size)
}
