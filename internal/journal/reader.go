package journal

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/evhub/evhub/internal/journal/segment"
)

// Reader reads the records of one destination, in order, those that are durable. It is for one goroutine at a time, and
// waits neither for Append nor for the compactor.
type Reader struct {
	j      *Journal
	number uint32
	seq    uint64 // what is passed: the next entry has a higher one
	read   Totals // of all records for the number up to seq, those that are lost too

	at     view  // the segment where the reader is, or was
	offset int64 // where to go on in it; 0: not known
	scan   *segment.Scanner
	judged int // of the scan's bad ranges, those that are told

	suspect  *logSegment     // the last one that was left with bad bytes at its end; nil: none
	suspects []segment.Range // they: damage, if something is missing
}

// Reader returns a reader for a number, which stands at its cursor.
func (j *Journal) Reader(number uint32) *Reader {
	r := &Reader{j: j, number: number}
	r.Seek(j.cursors.get(number))
	return r
}

// Seek makes the next Read begin behind at.Seq, where at.Totals is what the destination has had.
func (r *Reader) Seek(at Cursor) {
	switch {
	case at.Seq < r.seq:
		r.leave()
	case at.Seq > r.seq:
		r.park()
	}
	r.suspect = nil
	r.seq, r.read = at.Seq, at.Totals
}

// Close gives back what the reader holds.
func (r *Reader) Close() { r.leave() }

// leave closes the current segment and forgets the place in it.
func (r *Reader) leave() {
	r.park()
	r.at, r.offset = view{}, 0
}

// park closes the current segment, so that an idle reader keeps nothing of it.
func (r *Reader) park() {
	if r.scan == nil {
		return
	}
	r.offset = r.scan.Offset()
	r.scan = nil
	r.at.segment.release()
}

// Read appends the next entries to dst: at most limit, and none after they have maxBytes of data. Lost is what the
// destination should have been given before the first of them, but what can not be read any more. When there is nothing,
// no entry, no loss and no error, the reader has all that is durable.
func (r *Reader) Read(dst []Entry, limit int, maxBytes int64) (entries []Entry, lost Totals, err error) {
	return r.ReadInto(nil, dst, limit, maxBytes)
}

// ReadInto is Read with the data of the entries in space, whose capacity is used as far as it goes. It may be used
// again, by another ReadInto, when nobody needs the entries any more.
func (r *Reader) ReadInto(space []byte, dst []Entry, limit int, maxBytes int64) (entries []Entry, lost Totals, err error) {
	q := request{dst: dst, start: len(dst), limit: limit, maxBytes: maxBytes, space: space[:0]}
	for !q.full() {
		if r.scan == nil {
			next, err := r.enter(&q)
			if err != nil || !next {
				return q.result(err)
			}
		}
		done, err := r.fill(&q)
		if err != nil {
			r.leave()
			r.j.countReadError()
			return q.result(err)
		}
		if done && !r.advance(&q) {
			break
		}
	}
	return q.result(nil)
}

// enter opens the segment that comes next. It is false if there is none, or if something was lost before it that has to
// be told with a Read of its own.
func (r *Reader) enter(q *request) (bool, error) {
	for {
		v := r.j.next(r)
		if !r.account(q, v) || v.segment == nil {
			return false, nil
		}
		file, err := v.segment.acquire(r.j.fs)
		switch {
		case errors.Is(err, errGone):
			continue // another one has its records by now
		case errors.Is(err, fs.ErrNotExist):
			r.j.vanished(v.segment)
			continue
		case err != nil:
			r.j.countReadError()
			return false, err
		}
		r.at, r.judged = v, 0
		r.scan = segment.NewScanner(file, v.segment.seed, v.offset, v.end)
		return true, nil
	}
}

// account compares what the reader has had with what was accepted up to where it is, if that is known. What is missing
// is lost. It is false if there are entries that come before the loss.
func (r *Reader) account(q *request, v view) bool {
	missing := v.accepted.Minus(r.read)
	if !v.exact {
		return true
	}
	if missing == (Totals{}) {
		r.suspect = nil
		return true
	}
	if !q.none() {
		return false
	}
	if r.suspect != nil {
		r.j.damaged(r.suspect, r.suspects)
		r.suspect = nil
	}
	q.lost = q.lost.Plus(missing)
	r.read = r.read.Plus(missing)
	return true
}

// fill takes entries from the current segment. It is done when the segment has no more.
func (r *Reader) fill(q *request) (done bool, err error) {
	for !q.full() {
		if !r.scan.Next() {
			return true, r.scan.Err()
		}
		f := r.scan.Frame()
		r.judge(f)
		final := !r.at.active
		switch {
		case f.Kind == segment.End, final && f.Kind == segment.Event && f.Seq > r.at.last:
			return true, nil // what follows does not count: it was written again, into the next segment
		case f.Kind == segment.Event && f.Seq > r.seq:
			r.take(q, f)
			if final && f.Seq == r.at.last {
				return true, nil
			}
		case f.Kind > segment.End && !f.Kind.Skippable():
			return false, unknownKind(r.at.segment)
		}
	}
	return false, nil
}

func unknownKind(s *logSegment) error {
	return &RefusedError{Path: logPath(s.name), Why: "has frames of an unknown kind; use the evhub that wrote it"}
}

// judge tells of bad bytes that the scan has passed. Only a frame that begins a group says that they are damage, or the
// last one if it names a record that is not there; what is bad at the end of a segment may never have been acknowledged.
func (r *Reader) judge(f segment.Frame) {
	bad := r.scan.Bad()
	if len(bad) > r.judged && (f.Flags&segment.First != 0 || f.Kind == segment.End && f.Seq > r.seq) {
		r.j.damaged(r.at.segment, bad[r.judged:])
		r.judged = len(bad)
	}
}

// advance goes on when the current segment seems to have no more. It is false if the reader has caught up.
func (r *Reader) advance(q *request) bool {
	v := r.j.refresh(r.at.segment, r.number)
	switch {
	case v.end > r.at.end:
		r.scan.Extend(v.end)
		r.at.end, r.at.last, r.at.active = v.end, v.last, v.active
		return true
	case v.active:
		r.account(q, v)
		r.park()
		return false
	}
	if bad := r.scan.Bad(); len(bad) > r.judged {
		r.suspect, r.suspects = v.segment, slices.Clone(bad[r.judged:])
	}
	r.seq = max(r.seq, v.last)
	r.leave()
	return true
}

// take gives out a record, if it is for the reader's destination.
func (r *Reader) take(q *request, f segment.Frame) {
	packed, data, ok := splitPayload(f.Payload)
	r.seq = f.Seq
	if !ok || !isFor(packed, r.number) {
		return
	}
	q.add(f.Seq, data)
	r.read = r.read.Plus(Totals{1, uint64(len(data))})
}
