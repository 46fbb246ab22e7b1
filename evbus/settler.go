package evbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evhub/evhub/providers"
)

// settleAll awaits the flights in the order of sending until there are no more.
func (l *link) settleAll(ctx context.Context) {
	var hurry time.Time // once a flight has timed out: until when those behind it may still end
	for f := range l.flights {
		waiting, cancel := l.patience(ctx, len(f.entries))
		if !hurry.IsZero() {
			cancel()
			waiting, cancel = context.WithDeadline(ctx, hurry)
		}
		err := f.sent.Wait(waiting)
		timedOut := err != nil && waiting.Err() != nil && ctx.Err() == nil
		cancel()
		if timedOut && hurry.IsZero() {
			hurry = time.Now().Add(lastCall)
			l.d.status.shrinkBatch(len(f.entries))
		}
		l.settle(f, err)
		f.reset()
		l.free <- f
	}
}

// lastCall is how long the flights behind one that timed out may still take, all together: just the time to hand over
// what is there.
const lastCall = time.Second

// settle takes the outcome of f apart.
func (l *link) settle(f *flight, err error) {
	if err == nil {
		l.delivered(f)
		return
	}
	if batch, ok := errors.AsType[*providers.BatchError](err); ok {
		if len(batch.Errs) == len(f.entries) {
			l.settleEach(f.entries, func(i int) error { return batch.Errs[i] })
			return
		}
		// Whose outcome each one is nobody knows, so none of them counts.
		err = fmt.Errorf("the provider returned %d outcomes for %d messages: %v", len(batch.Errs), len(f.entries), err) //nolint:errorlint // see above
	}
	l.settleEach(f.entries, func(int) error { return err })
}

// delivered is the path of a flight that has arrived whole. It touches the records only if somebody has to know.
func (l *link) delivered(f *flight) {
	if len(l.failed) > 0 {
		for _, e := range f.entries {
			l.countOvertaken(e)
		}
	}
	l.success(len(f.entries), f.bytes)
	l.d.settled(len(f.entries), f.bytes, l.frontier(f.entries))
	if l.d.watches.any() {
		for _, e := range f.entries {
			l.tellDelivered(e)
		}
	}
	release(f.entries)
}

// tellDelivered is for when the counters know it already.
func (l *link) tellDelivered(e entry) {
	l.d.watches.settle(e.record.Seq, Result{Destination: l.d.name, State: Delivered, Attempts: e.attempt})
}

func (l *link) success(n int, bytes int64) {
	l.end.delivered = true
	l.d.status.success(l.d, n, bytes)
	l.d.hooks.delivered(l.d.name, n, bytes)
}

// frontier is the Seq up to which everything that was sent is settled, once entries are.
func (l *link) frontier(entries []entry) uint64 {
	if len(l.failed) > 0 {
		return l.failed[0].record.Seq - 1
	}
	return entries[len(entries)-1].record.Seq
}

// settleEach settles the entries of a flight of which some failed.
func (l *link) settleEach(entries []entry, outcome func(i int) error) {
	var arrived, refusals int // refusals without a delivery behind them
	var arrivedBytes, goneBytes int64
	var refusal error
	failed := len(l.failed)
	dead, full := l.bury(entries, outcome)
	counted := dead
	for i, e := range entries {
		err := outcome(i)
		switch {
		case err == nil:
			arrived++
			arrivedBytes += e.record.Size()
			refusals = 0
			l.countOvertaken(e)
		case !providers.IsPermanent(err):
			l.retry(e, err)
		default:
			refusals++
			refusal = err
			if len(counted) == 0 {
				l.hold(e, err, full)
				continue
			}
			counted = counted[1:]
			goneBytes += e.record.Size()
		}
	}
	if arrived > 0 {
		l.success(arrived, arrivedBytes)
	}
	l.d.status.refused(l.d, refusals, refusal)
	l.d.settled(arrived+len(dead), arrivedBytes+goneBytes, l.frontier(entries))
	for i, e := range entries {
		if outcome(i) == nil {
			l.tellDelivered(e)
		}
	}
	l.d.tellBuried(dead)
	if n := len(l.failed) - failed; n > 0 {
		l.d.hooks.retried(l.d.name, n, l.end.err)
	}
}

// bury makes dead letters of the entries that were refused for good, from the first on, and returns those. The error
// says why it could not be all.
func (l *link) bury(entries []entry, outcome func(i int) error) (dead []buried, full error) {
	var refused []buried
	for i, e := range entries {
		if err := outcome(i); err != nil && providers.IsPermanent(err) {
			refused = append(refused, buried{e, err})
		}
	}
	n, full := l.d.bury(refused)
	return refused[:n], full
}

// retry ends the session because of err: e and whatever else fails is sent again by the next one.
func (l *link) retry(e entry, err error) {
	unsent := providers.IsUnsent(err)
	if e.failed.IsZero() && (!unsent || len(l.failed) == 0) {
		e.failed = time.Now() // it was tried, and not just behind another one
	}
	l.end.retried++
	if !unsent {
		l.end.uncertain++
	}
	l.end.retryAfter = max(l.end.retryAfter, providers.RetryDelay(err))
	l.fail(e, err)
}

// hold ends the session because there is no room for the dead letter of e, which was refused for good.
func (l *link) hold(e entry, refusal, full error) {
	e.refusal = refusal
	l.fail(e, full)
}

func (l *link) fail(e entry, err error) {
	l.failed = append(l.failed, e)
	l.d.watches.settle(e.record.Seq, Result{Destination: l.d.name, State: Pending, Attempts: e.attempt, Err: err})
	if l.end.err == nil {
		l.end.err = err
		l.breaks(err)
	}
}

// countOvertaken counts the deliveries that broke the order: e arrived although an earlier event of its key has to
// be sent again.
func (l *link) countOvertaken(e entry) {
	if len(l.failed) == 0 || l.s.Connection.Caps.Order == providers.Full || l.s.Options.Delivery.Order == providers.OrderNone {
		return
	}
	for _, f := range l.failed {
		if f.refusal == nil && f.record.orderingKey() == e.record.orderingKey() {
			l.d.status.overtaken.Add(1)
			return
		}
	}
}
