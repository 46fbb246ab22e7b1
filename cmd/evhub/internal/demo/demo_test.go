package demo

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	r, err := Run(t.Context(), Options{Out: &out, Colours: true})
	if err != nil {
		t.Fatal(err)
	}
	ignored := cmpopts.IgnoreFields(Destination{}, "Retried", "Uncertain")
	want := []Destination{
		{Name: "stream", Pattern: "idem-*", Sent: 533, Delivered: 533, Arrived: 533, InOrder: true, Recognised: true},
		{Name: "webhook", Pattern: "idem-status", Sent: 205, Delivered: 205, Arrived: 206, Duplicates: 1, InOrder: true, Recognised: true},
		{Name: "audit", Pattern: "*", Sent: 574, Delivered: 574, Arrived: 574, InOrder: true, Recognised: true},
		{Name: "console", Pattern: "idem-log*", Sent: 41, Delivered: 41, Arrived: 41, InOrder: true, Recognised: true},
	}
	if diff := cmp.Diff(want, r.Destinations, ignored); diff != "" || !r.OK || r.Fired != 574 {
		t.Errorf("OK %v, fired %d: %s", r.OK, r.Fired, diff)
	}
	for _, text := range []string{"\x1b[36m\"idem-*\":\x1b[0m", "99 wait in evhub", "199 wait in evhub", "OK: 574 events fired, 1353 deliveries"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q is not shown:\n%s", text, out.String())
		}
	}
}

// TestRunEndsWithItsContext checks that everything is ended wherever the demo is interrupted; goleak sees the rest.
func TestRunEndsWithItsContext(t *testing.T) {
	for _, after := range []time.Duration{0, 20 * time.Millisecond, 60 * time.Millisecond, 100 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		_, err := Run(ctx, Options{Out: io.Discard, Pauses: true})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", after, err)
		}
	}
}
