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
	timeout := l.s.Options.Delivery.Timeout
	for f := range l.flights {
		waiting, cancel := context.WithTimeout(ctx, timeout)
		err := f.sent.Wait(waiting)
		if waiting.Err() != nil && ctx.Err() == nil {
			// Nothing came for a whole timeout: what is behind gets just the time to hand over what is there.
			timeout = min(timeout, time.Second)
			l.d.status.shrinkBatch(len(f.entries))
		}
		cancel()
		l.settle(f, err)
		f.reset()
		l.free <- f
	}
}

// settle takes the outcome of f apart.
func (l *link) settle(f *flight, err error) {
	if err == nil {
		l.delivered(f.entries)
		return
	}
	var batch *providers.BatchError
	if errors.As(err, &batch) && len(batch.Errs) == len(f.entries) {
		l.settleEach(f.entries, func(i int) error { return batch.Errs[i] })
		return
	}
	l.settleEach(f.entries, func(int) error { return err })
}

// delivered is the path of a flight that has arrived whole.
func (l *link) delivered(entries []entry) {
	var bytes int64
	for i := range entries {
		bytes += entries[i].record.Size()
		l.tellDelivered(entries[i])
	}
	l.success(len(entries), bytes)
	l.d.settled(len(entries), bytes, l.frontier(entries))
}

func (l *link) tellDelivered(e entry) {
	if len(l.failed) > 0 {
		l.countOvertaken(e)
	}
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
	var arrived, gone int
	var arrivedBytes, goneBytes int64
	for i, e := range entries {
		err := outcome(i)
		switch {
		case err == nil:
			arrived++
			arrivedBytes += e.record.Size()
			l.tellDelivered(e)
		case providers.IsPermanent(err):
			if full := l.refused(e, err); full != nil {
				l.retry(e, full)
				continue
			}
			gone++
			goneBytes += e.record.Size()
		default:
			l.retry(e, err)
		}
	}
	if arrived > 0 {
		l.success(arrived, arrivedBytes)
	}
	l.d.settled(arrived+gone, arrivedBytes+goneBytes, l.frontier(entries))
	if l.end.err != nil {
		l.d.hooks.retried(l.d.name, len(l.failed), l.end.err)
	}
}

// refused makes a dead letter of e. The error says that there was no room for it.
func (l *link) refused(e entry, err error) error {
	if full := l.d.bury(e, err); full != nil {
		return fmt.Errorf("%w (event %s was refused: %v)", full, e.record.ID, err) //nolint:errorlint // not a refusal any more
	}
	l.d.status.refusal(l.d, err)
	return nil
}

// retry ends the session because of err: e and whatever else fails is sent again by the next one.
func (l *link) retry(e entry, err error) {
	if e.failed.IsZero() {
		e.failed = time.Now()
	}
	l.failed = append(l.failed, e)
	l.end.retried++
	if !providers.IsUnsent(err) {
		l.end.uncertain++
	}
	l.end.retryAfter = max(l.end.retryAfter, providers.RetryDelay(err))
	l.d.watches.settle(e.record.Seq, Result{Destination: l.d.name, State: Pending, Attempts: e.attempt, Err: err})
	if l.end.err == nil {
		l.end.err = err
		l.breaks(err)
	}
}

// countOvertaken counts the deliveries that broke the order: e arrived although an earlier event of its key has to
// be sent again.
func (l *link) countOvertaken(e entry) {
	if l.s.Connection.Caps.Order == providers.Full || l.s.Options.Delivery.Order == providers.OrderNone {
		return
	}
	for _, f := range l.failed {
		if f.record.orderingKey() == e.record.orderingKey() {
			l.d.status.overtaken.Add(1)
			return
		}
	}
}
