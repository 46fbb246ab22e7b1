package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/evhub/evhub/hub"
)

// putter carries events from a source into a hub, and says what became of them.
type putter struct {
	o       *options
	f       *putFlags
	hub     *hub.Hub
	signals *signals

	receipts *receipts
	summary  summary
	printing sync.Mutex
}

// interruptedDrain is how long deliveries may go on after a first signal.
const interruptedDrain = 5 * time.Second

func (p *putter) run(source *lineSource) error {
	progress := startProgress(p.o, p.hub)
	if p.f.wait {
		p.receipts = startReceipts(p)
	}
	readErr := p.putAll(source)
	p.drain()
	progress.stop()
	p.summary.finish(p.hub)
	p.summary.print(p.o)
	if readErr != nil {
		return readErr
	}
	if p.signals.asked.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return p.summary.exit()
}

// putAll puts every event of source. It returns what ended it early.
func (p *putter) putAll(source *lineSource) error {
	lines := p.read(source)
	for {
		select {
		case batch, more := <-lines.batches:
			if !more {
				return lines.err
			}
			if stopped := p.putBatch(batch); stopped {
				return nil
			}
		case <-p.signals.asked.Done():
			return nil
		}
	}
}

// reading is the goroutine that waits for input, which nothing can interrupt; it ends with the input or the process.
type reading struct {
	batches chan []line
	err     error
}

// mostLines is how many lines are put at once at most.
const mostLines = 256

func (p *putter) read(source *lineSource) *reading {
	r := &reading{batches: make(chan []line, 1)}
	go func() {
		defer close(r.batches)
		for r.err == nil {
			var batch []line
			for len(batch) == 0 || len(batch) < mostLines && source.buffered() {
				l, err := source.next()
				if err != nil {
					r.err = err
					break
				}
				batch = append(batch, l)
			}
			select {
			case r.batches <- batch:
			case <-p.signals.asked.Done():
				return
			}
		}
		if errors.Is(r.err, io.EOF) {
			r.err = nil
		}
	}()
	return r
}

// putBatch puts lines in order and reports whether there is no sense in going on.
func (p *putter) putBatch(batch []line) (stopped bool) {
	for _, l := range batch {
		p.summary.read++
		if l.err != nil {
			p.refuse(l, l.err)
			continue
		}
		err := p.putOne(l)
		switch {
		case err == nil:
			p.summary.accepted++
		case errors.Is(err, hub.ErrQueueFull) || p.signals.asked.Err() != nil:
			p.summary.stuck = err
			return true
		default:
			p.refuse(l, err)
		}
	}
	return false
}

func (p *putter) putOne(l line) error {
	ctx, cancel := p.limited(p.signals.asked)
	defer cancel()
	if p.receipts == nil {
		return p.hub.Put(ctx, l.event)
	}
	tracked, err := p.hub.PutTracked(ctx, l.event)
	if err != nil {
		return err
	}
	return p.receipts.expect(ctx, tracked)
}

// limited bounds ctx by --timeout.
func (p *putter) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.f.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, p.f.timeout)
}

// refuse tells the user of an event that was not accepted.
func (p *putter) refuse(l line, err error) {
	p.summary.refused++
	where := ""
	if l.number > 0 {
		where = fmt.Sprintf("line %d: ", l.number)
	}
	p.printing.Lock()
	defer p.printing.Unlock()
	if p.o.json() {
		_ = p.o.console.printJSON(map[string]any{"refused": err.Error(), "line": l.number})
		return
	}
	fmt.Fprintln(p.o.console.err, p.o.console.style(p.o.console.err).failure("refused: ")+where+err.Error())
}

// drain waits for the deliveries, as long as --timeout or the user's patience allows.
func (p *putter) drain() {
	ctx, cancel := p.limited(p.signals.forced)
	defer cancel()
	if p.signals.asked.Err() != nil {
		ctx, cancel = context.WithTimeout(ctx, interruptedDrain)
		defer cancel()
	}
	// A signal during the drain shortens it.
	stop := context.AfterFunc(p.signals.asked, func() {
		timer := time.NewTimer(interruptedDrain)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-ctx.Done():
		}
	})
	defer stop()
	p.summary.closing = p.hub.Close(ctx)
	if p.receipts != nil {
		p.receipts.finish()
	}
}
