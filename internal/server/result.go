package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/evhub/evhub/hub"
)

// result is what became of the events of one request; its JSON keys are stable.
type result struct {
	// IDs are those of the events, in their order; null for one that was not accepted.
	IDs      []*string    `json:"ids"`
	Receipts []receipt    `json:"receipts,omitempty"`
	Error    string       `json:"error,omitempty"` // all that follows, in a sentence
	Errors   []eventError `json:"errors,omitempty"`
}

// eventError is why one event was not accepted.
type eventError struct {
	Index  int    `json:"index"`          // its place in the request, from 0
	Line   int    `json:"line,omitempty"` // its line, from 1, if it was in lines
	ID     string `json:"id,omitempty"`   // if the client gave one
	Status int    `json:"status"`
	Error  string `json:"error"`
}

// receipt says what became of one event at each destination that it matched.
type receipt struct {
	ID      string          `json:"id"`
	Results []receiptResult `json:"results"`
}

type receiptResult struct {
	Destination string    `json:"destination"`
	State       hub.State `json:"state"`
	Attempts    int       `json:"attempts,omitempty"`
	Error       string    `json:"error,omitempty"`
}

const (
	// mostSaid is how much of an error is answered, in bytes: it may have names from the event.
	mostSaid = 1000
	// longestID is how long an id may be that is answered; longer ones are refused by the hub.
	longestID = 256
)

func newResult(items []item) *result { return &result{IDs: make([]*string, len(items))} }

func (r *result) refuse(index int, of item, err error) {
	id := of.event.ID
	if len(id) > longestID {
		id = ""
	}
	r.Errors = append(r.Errors, eventError{
		Index: index, Line: of.line, ID: id, Status: statusOf(err), Error: shortened(reasonOf(err).Error(), mostSaid),
	})
}

// await waits for the receipts of the accepted events.
func (r *result) await(ctx context.Context, tracked []*hub.Tracked) {
	r.Receipts = make([]receipt, 0, len(tracked))
	for _, t := range tracked {
		got, _ := t.Wait(ctx) // what is unsettled says so itself
		one := receipt{ID: got.ID, Results: []receiptResult{}}
		for _, result := range got.Results {
			at := receiptResult{Destination: result.Destination, State: result.State, Attempts: result.Attempts}
			if result.Err != nil {
				at.Error = result.Err.Error()
			}
			one.Results = append(one.Results, at)
		}
		r.Receipts = append(r.Receipts, one)
	}
}

// explain puts what was not accepted in the order of the request, and says it in a sentence.
func (r *result) explain() {
	slices.SortFunc(r.Errors, func(a, b eventError) int { return a.Index - b.Index })
	first := r.Errors[0]
	switch {
	case len(r.IDs) == 1 && first.Line == 0:
		r.Error = first.Error
		return
	case first.Line > 0:
		r.Error = fmt.Sprintf("line %d: %s", first.Line, first.Error)
	default:
		r.Error = fmt.Sprintf("event %d: %s", first.Index, first.Error)
	}
	if n := len(r.Errors); n > 1 {
		r.Error = fmt.Sprintf("%d of %d events were not accepted; the first: %s", n, len(r.IDs), r.Error)
	}
}

// severity orders the statuses of events: that of a request is the worst of them. None is below 300, so that nobody
// takes for accepted what was not.
var severity = []int{
	http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusBadRequest, http.StatusRequestEntityTooLarge,
}

func (r *result) status() int {
	for _, status := range severity {
		for _, e := range r.Errors {
			if e.Status == status {
				return status
			}
		}
	}
	return r.receiptStatus()
}

func (r *result) receiptStatus() int {
	status := http.StatusOK
	for _, one := range r.Receipts {
		for _, at := range one.Results {
			switch at.State {
			case hub.Delivered:
			case hub.Pending:
				status = http.StatusGatewayTimeout
			default:
				return http.StatusBadGateway
			}
		}
	}
	return status
}
