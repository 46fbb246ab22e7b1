package evbus

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errGaveUp = errors.New("gave up")

// backOff waits for delay, and less if ctx ends or the configuration changes. It reports whether delay has passed.
// Events whose time is up meanwhile become dead letters.
func (d *Destination) backOff(ctx context.Context, s *settings, end ending, delay time.Duration) bool {
	until := time.Now().Add(delay)
	for {
		rest := time.Until(until)
		if next := d.giveUp(s, end.dialled); next > 0 {
			rest = min(rest, next)
		}
		if !pause(ctx, rest, d.changed) {
			return false
		}
		if !time.Now().Before(until) {
			return true
		}
	}
}

// giveUp makes dead letters of the events that have had no success for as long as the user allows, and returns how
// long it may be until the next one; 0 means that none is to be expected. An event's time starts when a send of it
// failed first, or earlier: when the destination failed that has delivered nothing since, or when it was accepted if
// that was later. While the destination can be dialled, one that was not tried itself is not given up: what is in
// front of it may be all that is wrong.
func (d *Destination) giveUp(s *settings, dialled bool) time.Duration {
	limit := time.Duration(s.Options.Delivery.Retry.GiveUp)
	if limit == 0 {
		return 0
	}
	down, cause := d.status.downSince()
	for {
		if d.again.len() == 0 {
			if n, err := d.readAhead(s.batch, s.maxBytes); n == 0 || err != nil {
				return limit
			}
		}
		now, next := time.Now(), limit
		full := d.buryWhere(func(e entry) error {
			if dialled && e.failed.IsZero() {
				return nil
			}
			left := limit - now.Sub(e.since(down, now))
			if left <= 0 {
				return fmt.Errorf("%w after %v: %w", errGaveUp, limit, cause)
			}
			next = min(next, left)
			return nil
		})
		if full != nil {
			d.status.lettersFull(d, full)
			return 0
		}
		if d.again.len() > 0 {
			return next
		}
	}
}

// since is when the time without success started for e, at a destination that is down since then. An event that comes
// from a journal may have been accepted in the future, where the clock was set back since.
func (e *entry) since(down, now time.Time) time.Time {
	if at := e.record.accepted; at.After(down) && !at.After(now) {
		down = at
	}
	if !e.failed.IsZero() && e.failed.Before(down) {
		return e.failed
	}
	return down
}

// letterRetry is how long a destination waits before it tries again to write a dead letter that could not be written.
const letterRetry = time.Second

// buryRefused makes the dead letters that could not be kept before. While they cannot be the destination halts: nothing
// is sent, so that no refusal goes unrecorded. It reports false if ctx ended meanwhile.
func (d *Destination) buryRefused(ctx context.Context) bool {
	for {
		full := d.buryWhere(func(e entry) error { return e.refusal })
		if full == nil {
			if d.status.is(Halted) {
				d.status.set(Idle)
			}
			return true
		}
		d.status.lettersFull(d, full)
		d.status.set(Halted)
		d.backlog.retry() // a replay need not wait for room any more
		var again <-chan time.Time
		if !errors.Is(full, errDeadLettersFull) {
			again = time.After(letterRetry)
		}
		select {
		case <-d.changed:
		case <-d.unblocked:
		case <-again:
		case <-ctx.Done():
			return false
		}
	}
}

// buryWhere makes dead letters of the events that are to be sent again for which reason returns one. Its error says why
// some of them could not be kept; those are still to be sent.
func (d *Destination) buryWhere(reason func(e entry) error) (full error) {
	refused := d.again.hold(reason)
	n, full := d.bury(refused)
	front := d.again.release(n)
	if n == 0 {
		return full
	}
	dead := refused[:n]
	var bytes int64
	for _, b := range dead {
		bytes += b.entry.record.Size()
	}
	d.settled(n, bytes, front)
	d.tellBuried(dead)
	return full
}
