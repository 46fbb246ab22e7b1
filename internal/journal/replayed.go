package journal

import (
	"github.com/evhub/evhub/internal/journal/segment"
)

// replayed is the reading of one segment at Open.
//
// Bad bytes may be the end of a group that was never finished, or damage. A frame behind them that begins a group says
// damage, because when it was written all before it was on disk. Without one the whole rest is cut off, with the good
// frames in it: they are of that same group.
type replayed struct {
	segment *found
	scan    *segment.Scanner
	state   *state
	id      [16]byte
	proven  uint64 // everything up to here was on disk, as some cursor or the end of the log says

	frames    int
	lost      uint64 // Seqs that are missing
	end       int64  // of the frames that count
	torn      int64
	judged    int             // of the scan's bad ranges, those that are damage for sure, or none
	confirmed []segment.Range // bad ranges that are damage

	safe *safePoint // before the first bad range that is in doubt; nil: there is none
}

// safePoint is what to return to.
type safePoint struct {
	state  *state
	end    int64
	lost   uint64
	frames int
}

func (r *replayed) run() error {
	r.end = segment.HeaderSize
	for r.scan.Next() {
		f := r.scan.Frame()
		if len(r.scan.Bad()) > r.judged {
			r.judge(f)
		}
		if f.Kind == segment.Event && f.Seq > r.segment.last {
			return nil // it was written again, into the next segment
		}
		if err := r.take(f); err != nil {
			return err
		}
		r.frames++
		r.end = f.End()
	}
	if err := r.scan.Err(); err != nil {
		return err
	}
	if len(r.scan.Bad()) > r.judged {
		r.doubt()
	}
	if r.safe != nil {
		r.cut()
	}
	return nil
}

// judge decides about bad bytes before frame f, if that tells.
func (r *replayed) judge(f segment.Frame) {
	switch {
	case f.Flags&segment.First != 0:
		r.confirm()
	case f.Kind != segment.End:
		r.doubt()
	case f.Seq > r.seen() || r.safe != nil: // records are missing, or stand behind the bad bytes
		r.confirm()
	default:
		r.judged = len(r.scan.Bad())
	}
}

// confirm takes all bad bytes so far for damage.
func (r *replayed) confirm() {
	bad := r.scan.Bad()
	r.confirmed = append(r.confirmed, bad[r.judged:]...)
	r.judged, r.safe = len(bad), nil
}

// doubt is called when bad bytes were passed, and no frame that begins a group. If it is proven that later records were
// on disk, they are damage.
func (r *replayed) doubt() {
	switch {
	case r.safe != nil: // in doubt already
	case r.proven > r.seen():
		r.confirm()
	default:
		r.safe = &safePoint{state: r.state.clone(), end: r.end, lost: r.lost, frames: r.frames}
	}
}

// cut goes back to where the doubt began.
func (r *replayed) cut() {
	bad := r.scan.Bad()
	last := max(r.end, bad[len(bad)-1].End())
	r.state, r.end, r.lost, r.frames = r.safe.state, r.safe.end, r.safe.lost, r.safe.frames
	r.torn = last - r.end
}

// seen is the highest Seq so far, or what comes before the segment.
func (r *replayed) seen() uint64 {
	return max(r.state.last, r.segment.first-min(r.segment.first, 1))
}

// take brings the state up to date with a frame.
func (r *replayed) take(f segment.Frame) error {
	switch f.Kind {
	case segment.Event:
		before := r.seen()
		if f.Seq <= before {
			return nil // seen in a segment before
		}
		if !r.segment.rewritten {
			r.miss(before+1, f.Seq-1)
		}
		r.state.add(f.Seq, f.Payload)
	case segment.Table:
		if t, err := decodeTable(f.Payload); err == nil && t.last >= r.state.last {
			r.state.apply(t, r.id)
		}
	case segment.End:
		if before := r.seen(); f.Seq > before && !r.segment.rewritten {
			r.miss(before+1, f.Seq)
		}
		r.state.last = max(r.state.last, f.Seq)
	default:
		if !f.Kind.Skippable() {
			return unknownKind(r.segment.logSegment)
		}
	}
	return nil
}

// miss notes that the Seqs from from to to are missing, if there are any.
func (r *replayed) miss(from, to uint64) {
	if to >= from {
		r.lost += to - from + 1
		r.state.gaps = append(r.state.gaps, gap{from, to})
	}
}
