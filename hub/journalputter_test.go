package hub_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/evhub/evhub/hub"
)

// putter puts events in every way, with contexts that end at random, and tells the oracle what came of it. It puts the
// events of its keys one after the other.
type putter struct {
	*life
	hub    *hub.Hub
	name   string
	random *rand.Rand
	number int
}

func (p *putter) run(ctx context.Context) {
	for ctx.Err() == nil {
		n := 1
		if p.random.IntN(10) == 0 {
			n = 1 + p.random.IntN(400)
		}
		first := p.number
		es := p.events(n)
		from := p.oracle.inForceNow()
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.wait())
		took, sure, err := p.put(bounded, es)
		cancel()
		for i, e := range es {
			p.oracle.note(e, first+i, p.fate(i < took, sure, err), from)
		}
		if errors.Is(err, hub.ErrClosed) {
			return
		}
		if p.random.IntN(8) == 0 {
			<-time.After(time.Duration(p.random.IntN(3000)) * time.Microsecond)
		}
	}
}

// wait is how long a put may take: mostly less than it needs now and then.
func (p *putter) wait() time.Duration {
	if p.random.IntN(3) == 0 {
		return time.Duration(p.random.IntN(1000)) * time.Microsecond
	}
	return time.Duration(p.random.IntN(30)) * time.Millisecond
}

func (p *putter) events(n int) (es []hub.Event) {
	key := p.random.IntN(3)
	for range n {
		size := p.random.IntN(300)
		if p.random.IntN(50) == 0 {
			size = p.random.IntN(30_000)
		}
		es = append(es, hub.Event{
			Profile: []string{"p", "q", "p.x"}[key], Key: fmt.Sprintf("%s.%d", p.name, key),
			ID: fmt.Sprintf("%s-%d", p.name, p.number), Body: strings.Repeat("x", size),
		})
		p.number++
	}
	return es
}

// put returns how many of es were accepted, and whether it is sure that they are on disk.
func (p *putter) put(ctx context.Context, es []hub.Event) (n int, sure bool, err error) {
	if len(es) > 1 {
		n, err = p.hub.PutAll(ctx, es)
		return n, true, err
	}
	sure = true
	switch p.random.IntN(4) {
	case 0:
		err = p.hub.Put(ctx, es[0])
	case 1:
		err, sure = p.hub.PutNowait(es[0]), false
	case 2:
		var tracked *hub.Tracked
		if tracked, err = p.hub.PutTracked(ctx, es[0]); (tracked == nil) != (err != nil) {
			p.t.Errorf("PutTracked = %v, %v", tracked, err)
		}
	default:
		err = p.putWait(ctx, es[0])
	}
	if err == nil {
		n = 1
	}
	return n, sure, err
}

// putWait returns nil if e was accepted, whatever became of it then.
func (p *putter) putWait(ctx context.Context, e hub.Event) error {
	receipt, err := p.hub.PutWait(ctx, e)
	if receipt.ID == "" {
		return err
	}
	for _, result := range receipt.Results {
		if err == nil && result.State == hub.Pending {
			p.t.Errorf("PutWait = %+v, nil", receipt)
		}
	}
	return nil
}

func (p *putter) fate(took, sure bool, err error) fate {
	known := err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, hub.ErrQueueFull) || errors.Is(err, hub.ErrClosed) ||
		errors.Is(err, hub.ErrUncertain)
	switch {
	case !known:
		p.t.Errorf("unexpected: %v", err)
		return uncertain
	case took && sure:
		return accepted
	case took:
		return unsynced
	case errors.Is(err, hub.ErrUncertain):
		return uncertain
	}
	return refused
}
