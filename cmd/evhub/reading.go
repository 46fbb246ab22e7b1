package main

import (
	"context"
	"errors"
	"io"
)

// reading is the goroutine that waits for input, which nothing can interrupt; it ends with the input or the process.
type reading struct {
	batches chan []line
	// err is what is wrong with the source, once batches is closed.
	err error
}

// mostLines is how many lines are put at once at most.
const mostLines = 256

// readLines gathers lines of source as far as they are there already, until the source ends or ctx does.
func readLines(ctx context.Context, source *lineSource) *reading {
	r := &reading{batches: make(chan []line, 1)}
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
		}
	}()
	return r
}

// gather waits for a line and takes those that can be had without another wait.
func gather(source *lineSource) (batch []line, more bool, err error) {
	for len(batch) == 0 || len(batch) < mostLines && source.buffered() {
		l, err := source.next()
		switch {
		case errors.Is(err, io.EOF):
			return batch, false, nil
		case err != nil:
			return batch, false, err
		}
		batch = append(batch, l)
	}
	return batch, true, nil
}
