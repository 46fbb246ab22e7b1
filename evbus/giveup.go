package evbus

import (
	"errors"
	"fmt"
	"time"
)

var errGaveUp = errors.New("gave up")

// giveUp makes dead letters of the events that have had no success for as long as the user allows. An event's time
// starts when a send of it failed first; for one that never was sent, when the destination failed, or when it was
// accepted if that was later.
func (d *Destination) giveUp(s *settings) {
	limit := time.Duration(s.Options.Delivery.Retry.GiveUp)
	if limit == 0 {
		return
	}
	down, cause := d.status.downSince()
	now := time.Now()
	for {
		if len(d.resend) == 0 {
			var err error
			if d.resend, err = d.read(nil, s.batch, s.maxBytes); err != nil || len(d.resend) == 0 {
				return
			}
		}
		expired := d.expire(now, down, limit, cause)
		if expired == 0 || len(d.resend) > 0 {
			return
		}
	}
}

// expire buries the expired events at the head of resend and returns how many there were.
func (d *Destination) expire(now, down time.Time, limit time.Duration, cause error) (n int) {
	var bytes int64
	var last uint64
	kept := d.resend[:0]
	for _, e := range d.resend {
		since := e.failed
		if since.IsZero() {
			since = later(down, e.record.accepted)
		}
		if now.Sub(since) < limit || d.bury(e, fmt.Errorf("%w after %v: %w", errGaveUp, limit, cause)) != nil {
			kept = append(kept, e)
			continue
		}
		n++
		bytes += e.record.Size()
		last = e.record.Seq
	}
	d.resend = kept
	if len(kept) > 0 {
		last = kept[0].record.Seq - 1
	}
	if n > 0 {
		d.settled(n, bytes, last)
	}
	return n
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
