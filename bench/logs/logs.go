// Package logs compares what makes groups of records durable: files written by hand, evhub's journal, and what a Go
// program would take instead.
package logs

import (
	"context"
	"errors"
	"fmt"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/load"
)

// Store keeps records.
type Store interface {
	// append makes a group durable: as durable as the store makes anything.
	append(bodies [][]byte) error
	// count returns how many records the store itself says that it has.
	count() (int, error)
	close() error
}

// Opener opens an empty store in a folder, for bodies of about so many bytes.
type Opener func(dir string, body int) (Store, error)

// publisher is a store as a contestant.
type publisher struct {
	store  Store
	bodies [][]byte // a group
	n      int
}

// In is a contestant that puts groups of so many records into a store.
func In(name string, size int, open Opener) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(_ context.Context, t harness.Task) (harness.Publisher, error) {
		s, err := open(t.Dir, t.Body)
		if err != nil {
			return nil, err
		}
		p := &publisher{store: s}
		bodies := load.Bodies(t.Body)
		for i := range size {
			p.bodies = append(p.bodies, bodies[i%len(bodies)])
		}
		return p, nil
	}}
}

// Publish implements harness.Publisher.
func (p *publisher) Publish(_ context.Context, n int) error {
	for n > 0 {
		size := min(n, len(p.bodies))
		if err := p.store.append(p.bodies[:size]); err != nil {
			return err
		}
		n -= size
		p.n += size
	}
	return nil
}

// Close implements harness.Publisher. It fails if the store does not have what was put into it.
func (p *publisher) Close(context.Context) error {
	n, err := p.store.count()
	if err == nil && n != p.n {
		err = fmt.Errorf("the store has %d records of %d", n, p.n)
	}
	return errors.Join(err, p.store.close())
}
