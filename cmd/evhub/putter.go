package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/evhub/evhub/hub"
)

// putter carries events from a source into a hub, and says what became of them.
type putter struct {
	o       *options
	f       *putFlags
	hub     *hub.Hub
	signals *signals

	receipts *receipts // nil without --wait
	listener *listener // nil but for evhub listen
	summary  *summary
	// ledger remembers what was put; nil but for evhub ingest with a journal.
	ledger *putLedger
}

func (p *putter) run(source eventSource) error {
	return p.putting(func() (bool, error) { return p.putAll(source) }, source.complete)
}

// putting has put put events, waits for the deliveries and says what became of all. put returns whether it came to its
// end, and what is wrong with where the events come from; complete, asked then, whether that has an end.
func (p *putter) putting(put func() (ended bool, err error), complete func() bool) error {
	status := startStatus(p.o, func() string { return progressText(p.hub.Stats()) })
	if p.f.wait {
		p.receipts = startReceipts(p.o, p.f.ack)
	}
	ended, readErr := put()
	p.drain()
	status.stop()
	p.summary.finish(p.hub)
	p.summary.print(p.o)
	asked := p.signals.asked.Err() != nil
	stopped := p.signals.terminated() && p.durable() && (ended || !complete())
	if asked && !stopped {
		return &exitError{exitInterrupted, readErr}
	}
	if code := p.summary.code(readErr); code != exitDone {
		return &exitError{code, readErr}
	}
	return nil
}

// durable reports whether what is accepted outlives the process.
func (p *putter) durable() bool { return p.f.journal.dir != "" }

// putAll puts every event of source. It returns whether that was all, and what is wrong with the source.
func (p *putter) putAll(source eventSource) (ended bool, err error) {
	lines := readLines(p.signals.asked, source, p.ledger != nil)
	for {
		select {
		case batch, more := <-lines.batches:
			if !more {
				return true, lines.err
			}
			if stopped := p.putBatch(batch); stopped {
				return false, nil
			}
			lines.settle()
		case <-p.signals.asked.Done():
			return false, nil
		}
	}
}

// putBatch puts lines in order and reports whether there is no sense in going on.
func (p *putter) putBatch(batch []line) (stopped bool) {
	var lines []line
	var events []hub.Event
	for _, l := range batch {
		p.summary.read++
		if l.err != nil {
			p.refuse(l, l.err)
			continue
		}
		lines, events = append(lines, l), append(events, p.named(l.event))
	}
	if err := p.ledger.begin(p, events); err != nil {
		p.stop(lines, err)
		return true
	}
	for len(events) > 0 {
		n, err := p.accept(events)
		p.summary.accepted += n
		if untold := p.acknowledge(events[:n]); untold != nil {
			p.stop(lines[n:], untold)
			return true
		}
		lines, events = lines[n:], events[n:]
		late := errors.Is(err, context.DeadlineExceeded)
		switch {
		case errors.Is(err, hub.ErrUncertain):
			p.summary.uncertain = uncertain(lines, p.because(err))
			return true
		case err == nil, late && n > 0: // as long as some get in, it goes on
		case late, errors.Is(err, errNoReceipts), p.signals.asked.Err() != nil:
			p.stop(lines, err)
			return true
		default:
			p.refuse(lines[0], err)
			lines, events = lines[1:], events[1:]
		}
	}
	p.ledger.done()
	return false
}

// accept puts events until one is not accepted, for as long as --timeout allows. It returns how many were accepted.
func (p *putter) accept(events []hub.Event) (int, error) {
	until := p.signals.asked
	if p.durable() {
		until = p.signals.late // a write to disk that has begun should come to its end
	}
	ctx, cancel := p.limited(until)
	defer cancel()
	if p.receipts == nil {
		n, err := p.hub.PutAll(ctx, events)
		return n, errors.Unwrap(err) // it is wrapped in its place among events, and lines have numbers
	}
	tracked, err := p.hub.PutAllTracked(ctx, events)
	if noReceipts := p.receipts.expect(ctx, tracked); noReceipts != nil {
		return len(tracked), noReceipts
	}
	return len(tracked), errors.Unwrap(err)
}

// limited bounds ctx by --timeout.
func (p *putter) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.f.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, p.f.timeout)
}

// stop notes why no more is put, and what is the first that was not accepted.
func (p *putter) stop(rest []line, err error) {
	if p.signals.asked.Err() != nil {
		err = errors.New("interrupted")
	}
	err = p.because(err)
	if len(rest) > 0 && rest[0].number > 0 {
		err = fmt.Errorf("line %d was not accepted, nor what follows: %w", rest[0].number, err)
	}
	p.summary.stuck = err
}

// because adds to err why the journal takes nothing, if it does not.
func (p *putter) because(err error) error {
	if j := p.hub.Stats().Journal; j != nil && j.Failure != "" {
		return fmt.Errorf("%w; the journal takes nothing: %s", err, j.Failure)
	}
	return err
}

// uncertain says which lines are possibly on disk, and possibly not.
func uncertain(lines []line, err error) error {
	first, last := lines[0].number, lines[len(lines)-1].number
	switch {
	case first == 0:
		return fmt.Errorf("whether the event is on disk is not known: %w", err)
	case first == last:
		return fmt.Errorf("whether line %d is on disk is not known, and no more was put: %w", first, err)
	}
	return fmt.Errorf("whether lines %d to %d are on disk is not known, and no more was put: %w", first, last, err)
}

// refuse tells the user of an event that was not accepted.
func (p *putter) refuse(l line, err error) {
	p.summary.refused++
	c := p.o.console
	if p.o.json() {
		refusal := map[string]any{"refused": err.Error()}
		if l.number > 0 {
			refusal["line"] = l.number
		}
		_ = c.printJSON(refusal) // the exit code says it too
		return
	}
	where := ""
	if l.number > 0 {
		where = fmt.Sprintf("line %d: ", l.number)
	}
	fmt.Fprintln(c.err, c.err.style.failure("refused: ")+where+visible(err.Error()))
}

// drain waits for the deliveries, as long as --timeout and the user's patience allow.
func (p *putter) drain() {
	ctx, cancel := p.limited(p.signals.late)
	defer cancel()
	if p.summary.stuck != nil {
		ctx, cancel = context.WithTimeout(ctx, shortDrain)
		defer cancel()
	}
	p.summary.closing = p.o.closeHub(ctx, p.hub)
	if p.receipts != nil {
		p.receipts.finish()
		p.summary.pending = p.receipts.pending
	}
	if p.listener != nil {
		p.listener.finish()
	}
}
