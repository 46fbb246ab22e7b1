package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/evhub/evhub/hub"
)

// receipts prints a line for each event once its destinations have settled it, in the order of putting.
type receipts struct {
	p       *putter
	waiting chan *hub.Tracked
	ctx     context.Context
	giveUp  context.CancelFunc
	ended   chan struct{}
}

// mostReceipts is how many events may await their receipts before putting waits for them.
const mostReceipts = 10_000

func startReceipts(p *putter) *receipts {
	r := &receipts{p: p, waiting: make(chan *hub.Tracked, mostReceipts), ended: make(chan struct{})}
	r.ctx, r.giveUp = context.WithCancel(context.Background())
	go func() {
		defer close(r.ended)
		for tracked := range r.waiting {
			receipt, _ := tracked.Wait(r.ctx) // what is unsettled says so itself
			r.print(receipt)
		}
	}()
	return r
}

func (r *receipts) expect(ctx context.Context, t *hub.Tracked) error {
	select {
	case r.waiting <- t:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// finish prints what is still expected, as it stands once the hub is closed.
func (r *receipts) finish() {
	close(r.waiting)
	r.giveUp()
	<-r.ended
}

// resultLine is the JSON form of a result.
type resultLine struct {
	Destination string `json:"destination"`
	State       string `json:"state"`
	Attempts    int    `json:"attempts,omitempty"`
	Error       string `json:"error,omitempty"`
}

func (r *receipts) print(receipt hub.Receipt) {
	r.p.printing.Lock()
	defer r.p.printing.Unlock()
	c := r.p.o.console
	if r.p.o.json() {
		lines := []resultLine{}
		for _, result := range receipt.Results {
			l := resultLine{Destination: result.Destination, State: string(result.State), Attempts: result.Attempts}
			if result.Err != nil {
				l.Error = result.Err.Error()
			}
			lines = append(lines, l)
		}
		_ = c.printJSON(map[string]any{"id": receipt.ID, "results": lines})
		return
	}
	fmt.Fprintln(c.out, receipt.ID+"  "+receiptText(c.style(c.out), receipt))
}

func receiptText(s style, receipt hub.Receipt) string {
	if len(receipt.Results) == 0 {
		return s.warning("no destination matches")
	}
	var parts []string
	for _, result := range receipt.Results {
		state := string(result.State)
		switch result.State {
		case hub.Delivered:
			state = s.success(state)
		default:
			state = s.failure(state)
		}
		text := state + " " + result.Destination
		if result.Attempts > 1 {
			text += fmt.Sprintf(" (%d attempts)", result.Attempts)
		}
		if result.Err != nil && result.State != hub.Delivered {
			text += ": " + result.Err.Error()
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
