package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evhub/evhub/hub"
)

// receipts prints a line for each event once its destinations have settled it, in the order of putting.
type receipts struct {
	o       *options
	json    bool
	waiting chan *hub.Tracked
	late    []*hub.Tracked // found no place in waiting; then nothing more is put
	ended   chan struct{}

	// pending counts the receipts of events that some destination has not settled; to be read after finish.
	pending int
}

// mostReceipts is how many events may await their receipts before putting waits for them.
const mostReceipts = 10_000

var errNoReceipts = fmt.Errorf("%d events await their receipts, and none came for the time of --timeout", mostReceipts)

// startReceipts has receipts printed; beside other lines of JSON they are such lines too.
func startReceipts(o *options, besideJSON bool) *receipts {
	r := &receipts{o: o, json: o.json() || besideJSON, waiting: make(chan *hub.Tracked, mostReceipts), ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		for tracked := range r.waiting {
			r.await(tracked)
		}
	}()
	return r
}

func (r *receipts) await(t *hub.Tracked) {
	receipt, _ := t.Wait(context.Background()) // ends with the hub at the latest; what is unsettled says so itself
	if slices.ContainsFunc(receipt.Results, unsettled) {
		r.pending++
	}
	r.print(receipt)
}

// expect has the receipts of accepted events printed. An error means that no more should be put.
func (r *receipts) expect(ctx context.Context, all []*hub.Tracked) error {
	for i, t := range all {
		select {
		case r.waiting <- t:
			continue
		default:
		}
		select {
		case r.waiting <- t:
		case <-ctx.Done():
			r.late = all[i:]
			return errNoReceipts
		}
	}
	return nil
}

// finish prints what is still expected, as it stands now that the hub is closed.
func (r *receipts) finish() {
	close(r.waiting)
	<-r.ended
	for _, t := range r.late {
		r.await(t)
	}
}

// receiptLine is the JSON form of a receipt.
type receiptLine struct {
	ID      string       `json:"id"`
	Results []resultLine `json:"results"`
}

// resultLine is the JSON form of a result.
type resultLine struct {
	Destination string `json:"destination"`
	State       string `json:"state"`
	Attempts    int    `json:"attempts,omitempty"`
	Error       string `json:"error,omitempty"`
}

func (r *receipts) print(receipt hub.Receipt) {
	c := r.o.console
	if !r.json {
		fmt.Fprintln(c.out, receipt.ID+"  "+receiptText(c.out.style, receipt))
		return
	}
	line := receiptLine{ID: receipt.ID, Results: []resultLine{}}
	for _, result := range receipt.Results {
		l := resultLine{Destination: result.Destination, State: string(result.State), Attempts: result.Attempts}
		if result.Err != nil {
			l.Error = result.Err.Error()
		}
		line.Results = append(line.Results, l)
	}
	_ = c.printJSON(line) // whoever closed the output does not want it
}

func unsettled(result hub.Result) bool { return result.State == hub.Pending }

func receiptText(s style, receipt hub.Receipt) string {
	if len(receipt.Results) == 0 {
		return s.warning("no destination matches")
	}
	var parts []string
	for _, result := range receipt.Results {
		paint := s.failure
		if result.State == hub.Delivered {
			paint = s.success
		}
		text := paint(string(result.State)) + " " + visible(result.Destination)
		if result.Attempts > 1 {
			text += fmt.Sprintf(" (%d attempts)", result.Attempts)
		}
		if result.Err != nil && result.State != hub.Delivered {
			text += ": " + visible(result.Err.Error())
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
