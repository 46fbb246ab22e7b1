package hubslog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/hubslog"
	"github.com/evhub/evhub/providers/providertest"
)

var down = providertest.Script{OnDial: func(context.Context, int) error { return errors.New("down") }}

func TestRecordsBeforeAttachAndAfterClose(t *testing.T) {
	r := opened(t, toA, hubslog.Options{Buffer: 2})
	for i := range 4 {
		r.log.Info(fmt.Sprint(i))
	}
	if n := r.handler.Dropped(); n != 2 {
		t.Errorf("%d dropped", n)
	}
	r.handler.Attach(r.Hub)
	r.handler.Attach(r.Hub)
	r.handler.Close()
	r.log.Info("too late")
	r.handler.Close()
	got := r.close()
	want := []any{"log records were dropped: the hub did not take them", "0", "1"}
	if diff := cmp.Diff(want, messages(got)); diff != "" {
		t.Fatal(diff)
	}
	if n := got[0].tags["attrs"].(map[string]any)["dropped"]; n != 2.0 || got[0].tags["level"] != "WARNING" {
		t.Errorf("%+v", got[0])
	}
}

func TestWithoutAttachAllIsDropped(t *testing.T) {
	h := hubslog.New(hubslog.Options{})
	slog.New(h).Info("x")
	h.Close()
	h.Attach(nil)
	if n := h.Dropped(); n != 1 {
		t.Errorf("%d dropped", n)
	}
}

// A destination that cannot be reached is logged of again and again, and none of that becomes events for it.
func TestADestinationThatFailsDoesNotFeedItself(t *testing.T) {
	for name, through := range map[string]func(*slog.Logger) *slog.Logger{
		"as it is":   func(l *slog.Logger) *slog.Logger { return l },
		"in a group": func(l *slog.Logger) *slog.Logger { return l.WithGroup("hub").With("x", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var next bytes.Buffer
				r := open(t, "fake: {idem-logger: {address: a}}", hubslog.Options{Level: slog.LevelDebug, Next: slog.NewTextHandler(&next, nil)})
				r.brokers["a"].Script(down)
				through(r.log).With("destination", "fake:idem-logger@a").Warn("of the destination")
				through(r.log).Warn("of the destination too", "destination", "fake:idem-logger@a")
				through(r.log).With("destination", "fake:idem-logger@a").WithGroup("g").Warn("of the destination as well")
				r.log.Info("mine")
				<-time.After(24 * time.Hour)
				synctest.Wait()
				if s := r.Stats(); s.Accepted != 1 {
					t.Errorf("%d events for one record", s.Accepted)
				}
				if n := strings.Count(next.String(), "delivery failed"); n < 1 {
					t.Errorf("the next handler got no line about the failures: %s", next.String())
				}
			})
		})
	}
}

// What is logged of a destination that gets no log events is an event for those that do.
func TestOtherDestinationsAreLoggedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, "fake: [{idem-logger: {address: a}}, {p: {address: b}}]", hubslog.Options{})
		r.brokers["b"].Script(down)
		if err := r.Put(t.Context(), hub.Event{Profile: "p"}); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		synctest.Wait()
		stored := r.brokers["a"].Stored()
		if len(stored) == 0 || !strings.Contains(string(stored[0].Body), `"destination": "fake:p@b"`) {
			t.Errorf("%d events: %v", len(stored), stored)
		}
	})
}

func TestAFullHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, "fake: {idem-logger: {address: a, format: raw, delivery: {backlog: 1B}}}", hubslog.Options{})
		release := r.brokers["a"].Stall()
		for i := range 5 {
			r.log.Info(fmt.Sprint(i))
			synctest.Wait()
		}
		if n := r.handler.Dropped(); n != 4 {
			t.Errorf("%d dropped", n)
		}
		release()
		synctest.Wait()
		r.log.Info("after")
		synctest.Wait()
		r.log.Info("and on")
		synctest.Wait()
		got := messages(r.close())
		// The record of what was dropped takes the room that there is, so that "after" may have none.
		want := []any{"0", "log records were dropped: the hub did not take them"}
		if len(got) < 3 || !cmp.Equal(got[:2], want) || got[len(got)-1] != "and on" && got[2] != "log records were dropped: the hub did not take them" {
			t.Errorf("fired: %v", got)
		}
	})
}

func TestWhatWasDroppedIsToldInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, "fake: {idem-logger: {address: a, delivery: {backlog: 1B}}}", hubslog.Options{})
		for _, lines := range []int{3, 5} {
			release := r.brokers["a"].Stall()
			for range lines {
				r.log.Info("x")
				synctest.Wait()
			}
			release()
			synctest.Wait()
			r.log.Info("y") // which has no room, as the record of what was dropped takes it
			synctest.Wait()
		}
		var told []any
		for _, e := range r.close() {
			if attrs, ok := e.tags["attrs"].(map[string]any); ok {
				told = append(told, attrs["dropped"])
			}
		}
		sum := 0.0
		for _, n := range told {
			sum += n.(float64)
		}
		if int64(sum) != r.handler.Dropped() || len(told) < 2 {
			t.Errorf("told of %v, dropped %d", told, r.handler.Dropped())
		}
	})
}

func TestLoggingWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, "fake: {idem-logger: {address: a, delivery: {backlog: 1B}}}", hubslog.Options{Buffer: 3})
		defer r.brokers["a"].Stall()()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for range 1000 {
				r.log.Info("x")
			}
		}()
		<-ended // or the bubble is deadlocked
		synctest.Wait()
		// There is room for one: a record, or the one that tells of the others.
		if n := r.handler.Dropped(); n < 999 || r.Stats().Accepted != 1 {
			t.Errorf("%d dropped, %d accepted", n, r.Stats().Accepted)
		}
	})
}
