package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/evhub/evhub/hub"
)

// put puts items in their order and answers what became of each. release is called when they are put.
func (s *Server) put(w http.ResponseWriter, r *http.Request, asked asked, items []item, release func()) {
	result, tracked := s.place(r, asked, items)
	release() // and nothing from here on refers to the body
	refused := len(result.Errors)
	s.accepted.Add(int64(len(result.IDs) - refused))
	s.refused.Add(int64(refused))
	if asked.receipts {
		ctx, cancel := context.WithTimeout(r.Context(), asked.timeout)
		defer cancel()
		result.await(ctx, tracked)
	}
	status := result.status()
	if refused > 0 {
		result.explain()
		s.refusals.note(r, status, errors.New(result.Error))
	}
	s.answer(w, status, result)
}

func (s *Server) place(r *http.Request, asked asked, items []item) (*result, []*hub.Tracked) {
	// Whether the client is still there makes no difference: it may be, and only have closed its half.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.roomWait)
	defer cancel()
	p := placer{hub: s.hub, watched: asked.receipts, result: newResult(items)}
	p.place(ctx, items)
	return p.result, p.tracked
}

// placer puts the events of one request.
type placer struct {
	hub     Putter
	watched bool
	result  *result
	tracked []*hub.Tracked

	// at are the places of events in the request.
	at     []int
	events []hub.Event
}

// place puts all items that are events. One that the hub refuses does not stop those behind it; anything else does.
func (p *placer) place(ctx context.Context, items []item) {
	for i, item := range items {
		if item.err != nil {
			p.result.refuse(i, item, item.err)
			continue
		}
		e := item.event
		if e.ID == "" {
			e.ID = p.hub.NewID()
		}
		p.at, p.events = append(p.at, i), append(p.events, e)
	}
	for len(p.events) > 0 {
		n, err := p.accept(ctx)
		for i := range n {
			p.result.IDs[p.at[i]] = new(p.events[i].ID) // a pointer into events would keep all of them
		}
		p.at, p.events = p.at[n:], p.events[n:]
		switch {
		case err == nil:
		case isRefusal(err):
			p.result.refuse(p.at[0], items[p.at[0]], err)
			p.at, p.events = p.at[1:], p.events[1:]
		default:
			for _, i := range p.at {
				p.result.refuse(i, items[i], err)
			}
			return
		}
	}
}

// accept puts events until one is not accepted.
func (p *placer) accept(ctx context.Context) (n int, err error) {
	if p.watched {
		tracked, err := p.hub.PutAllTracked(ctx, p.events)
		p.tracked = append(p.tracked, tracked...)
		return len(tracked), errors.Unwrap(err)
	}
	n, err = p.hub.PutAll(ctx, p.events)
	return n, errors.Unwrap(err) // it is wrapped in its place among events, which is not that in the request
}

// isRefusal reports whether err is about one event alone.
func isRefusal(err error) bool {
	return errors.Is(err, hub.ErrEncode) || errors.Is(err, hub.ErrTooLarge) || errors.Is(err, hub.ErrNoRoute)
}

// statusOf is the status of an event that was not accepted.
func statusOf(err error) int {
	mistake, ok := errors.AsType[*requestError](err)
	switch {
	case ok:
		return mistake.status
	case errors.Is(err, hub.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, hub.ErrEncode), errors.Is(err, hub.ErrNoRoute):
		return http.StatusBadRequest
	case errors.Is(err, hub.ErrUncertain): // it may wrap what follows
		return http.StatusInternalServerError
	case errors.Is(err, hub.ErrClosed), errors.Is(err, hub.ErrQueueFull), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// reasonOf says why an event was not accepted, and what to do.
func reasonOf(err error) error {
	full, isFull := errors.AsType[*hub.FullError](err)
	switch {
	case errors.Is(err, hub.ErrUncertain):
		return fmt.Errorf("it may be accepted: send it again with the same id: %w", err)
	case isFull:
		return full // in place of the deadline, which is ours
	case errors.Is(err, hub.ErrClosed):
		return errors.New("evhub is stopping: send it again later")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the journal did not take it in time: send it again later")
	}
	return err
}
