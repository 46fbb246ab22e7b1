package server

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/eventline"
)

const (
	mediaJSON  = "application/json"
	mediaLines = "application/x-ndjson"
)

// events takes one event, an array of them, or lines of them.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	asked, no := s.asked(r, "wait", "timeout")
	if no != nil {
		s.fail(w, r, no)
		return
	}
	a, no := s.admit(w, r, mediaJSON, mediaLines)
	if no != nil {
		s.fail(w, r, no)
		return
	}
	defer a.release()
	items, no := s.items(a, r.Header.Get("Idempotency-Key"))
	if no != nil {
		s.fail(w, r, no)
		return
	}
	s.put(w, r, asked, items, a.release)
}

// item is one event of a request, or why it is none.
type item struct {
	line  int // its number in lines; 0 if it is in no line
	event hub.Event
	err   error
}

func newItem(line int, text []byte) item {
	if len(text) > eventline.MaxBytes {
		return item{line: line, err: tooLarge("the event is longer than %d bytes", eventline.MaxBytes)}
	}
	e, err := eventline.Parse(text)
	if err != nil {
		err = refusal(http.StatusBadRequest, "%w", err)
	}
	return item{line, e, err}
}

// items are the events of a body. id is that of the only event; "" for none.
func (s *Server) items(a *admitted, id string) (items []item, no *requestError) {
	switch {
	case a.media == mediaLines:
		items, no = s.ofLines(a.body)
	case eventline.IsArray(a.body):
		items, no = s.ofArray(a.body)
	default:
		one := newItem(0, a.body)
		if id != "" {
			one.identify(id)
		}
		return []item{one}, nil
	}
	if id != "" && no == nil {
		no = refusal(http.StatusBadRequest, `Idempotency-Key is for a request with a single event: give each event its "id" instead`)
	}
	return items, no
}

// identify gives an event the id that the header has.
func (i *item) identify(id string) {
	switch {
	case i.err != nil:
	case i.event.ID != "" && i.event.ID != id:
		i.err = refusal(http.StatusBadRequest, `the "id" of the event and Idempotency-Key differ: give one of them`)
	default:
		i.event.ID = id
	}
}

func (s *Server) ofArray(text []byte) ([]item, *requestError) {
	elements, err := eventline.Array(text, s.limits.RequestEvents)
	switch {
	case errors.Is(err, eventline.ErrTooMany):
		return nil, s.tooMany()
	case err != nil:
		return nil, refusal(http.StatusBadRequest, "%w", err)
	}
	items := make([]item, 0, len(elements))
	for _, element := range elements {
		items = append(items, newItem(0, element))
	}
	return items, nil
}

func (s *Server) ofLines(text []byte) (items []item, no *requestError) {
	number := 0
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(items) == s.limits.RequestEvents {
			return nil, s.tooMany()
		}
		items = append(items, newItem(number, line))
	}
	return items, nil
}

func (s *Server) tooMany() *requestError {
	return tooLarge("more than %d events: send fewer with each request", s.limits.RequestEvents)
}
