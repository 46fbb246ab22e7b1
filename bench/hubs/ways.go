package hubs

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/evhub/evhub/hub"
)

// Way puts n events.
type Way func(ctx context.Context, p *publisher, n int) error

// chunk is the largest number of events that a publisher has prepared.
const chunk = 1000

// PutAll puts so many events at a time, at most 1000.
func PutAll(size int) Way { return PutAllFrom(1, size) }

// PutAllFrom puts so many events at a time, at most 1000, from each of some goroutines.
func PutAllFrom(goroutines, size int) Way {
	return concurrently(goroutines, func(ctx context.Context, p *publisher, n int) error {
		for n > 0 {
			put, err := p.hub.PutAll(ctx, p.events[:min(n, size)])
			if err != nil {
				return err
			}
			n -= put
		}
		return nil
	})
}

// Put puts one event at a time from each of some goroutines.
func Put(goroutines int) Way { return concurrently(goroutines, put) }

// concurrently has each of some goroutines put its share.
func concurrently(goroutines int, put Way) Way {
	return func(ctx context.Context, p *publisher, n int) error {
		var group sync.WaitGroup
		errs := make([]error, goroutines)
		for g := range goroutines {
			share := n / goroutines
			if g < n%goroutines {
				share++
			}
			group.Go(func() { errs[g] = put(ctx, p, share) })
		}
		group.Wait()
		return errors.Join(errs...)
	}
}

func put(ctx context.Context, p *publisher, n int) error {
	for i := range n {
		if err := p.hub.Put(ctx, p.events[i%chunk]); err != nil {
			return err
		}
	}
	return nil
}

// PutNowait uses PutNowait, and where that finds no room waits for it with a Put.
func PutNowait() Way {
	return func(ctx context.Context, p *publisher, n int) error {
		for i := range n {
			e := p.events[i%chunk]
			err := p.hub.PutNowait(e)
			if errors.Is(err, hub.ErrQueueFull) {
				err = p.hub.Put(ctx, e)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// PutWait waits for each event's delivery before the next.
func PutWait() Way {
	return func(ctx context.Context, p *publisher, n int) error {
		for i := range n {
			receipt, err := p.hub.PutWait(ctx, p.events[i%chunk])
			if err == nil {
				err = receipt.Err()
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// Opaque makes a body of bytes that nothing looks into, as the raw clients send them.
func Opaque(text []byte) any { return text }

// JSON makes a body of JSON text, which is validated and spelled as Idem spells it.
func JSON(text []byte) any { return json.RawMessage(text) }

// Value makes a body of Go values, which are encoded for each event.
func Value(text []byte) any {
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err) // load makes JSON
	}
	return v
}
