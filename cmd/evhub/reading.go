package main

import (
	"context"
	"errors"
	"io"
)

// reading is the goroutine that waits for input, which nothing can interrupt; it ends with the input or the process.
type reading struct {
	batches chan []line
	// settled, if not nil, is awaited after each batch before more is read.
	settled chan struct{}
	// err is what is wrong with the source, once batches is closed.
	err error
}

// mostLines is how many lines are put at once at most.
const mostLines = 256

// readLines gathers lines of source as far as they are there already, until the source ends or ctx does. With inStep it
// reads on only when the last batch is settled.
func readLines(ctx context.Context, source eventSource, inStep bool) *reading {
	r := &reading{batches: make(chan []line, 1)}
	if inStep {
		r.settled = make(chan struct{}, 1)
	}
	go func() {
		defer close(r.batches)
		for more := true; more; {
			var batch []line
			batch, more, r.err = gather(source)
			if len(batch) == 0 {
				continue
			}
			select {
			case r.batches <- batch:
			case <-ctx.Done():
				return
			}
			if !r.await(ctx) {
				return
			}
		}
	}()
	return r
}

// await waits until what was read is settled. It is false if ctx ends first.
func (r *reading) await(ctx context.Context) bool {
	if r.settled == nil {
		return true
	}
	select {
	case <-r.settled:
		return true
	case <-ctx.Done():
		return false
	}
}

// settle has more read.
func (r *reading) settle() {
	if r.settled != nil {
		r.settled <- struct{}{} // there is room: one batch, one answer
	}
}

// gather waits for a line and takes those that can be had without another wait.
func gather(source eventSource) (batch []line, more bool, err error) {
	for len(batch) == 0 || len(batch) < mostLines && source.buffered() {
		l, err := source.next()
		switch {
		case errors.Is(err, io.EOF):
			return batch, false, nil
		case err != nil:
			return batch, false, err
		case l.none:
			continue
		}
		batch = append(batch, l)
	}
	return batch, true, nil
}
