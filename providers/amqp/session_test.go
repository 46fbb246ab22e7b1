package amqp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
	"github.com/evhub/evhub/providers/amqp/internal/amqptest"
)

const soon = time.Second

func within(t *testing.T, what string, limit time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > limit {
		t.Errorf("%s took %v", what, took)
	}
}

func TestBlockedBrokerPausesAndGoesOn(t *testing.T) {
	b := amqptest.Start(t)
	const timeout = 200 * time.Millisecond
	s := session(t, dialFunc(t, b, timeout, fixedKey))
	wantVerdicts(t, outcomes(t, s, messages(1, 1)), "d")
	b.Block("low on memory")
	release := time.AfterFunc(3*timeout, b.Unblock)
	defer release.Stop()
	first := s.Send(t.Context(), messages(2, 3)) // may go out before the session knows
	wantVerdicts(t, waitFor(t, first, 2), "dd")
	wantVerdicts(t, outcomes(t, s, messages(4, 5)), "dd")
	if got := b.Accepted(); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

func TestSendWaitsForABlockedBrokerUntilItsContextEnds(t *testing.T) {
	b := amqptest.Start(t)
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	blockedFlight(t, b, s)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	within(t, "Send", soon, func() {
		errs := waitFor(t, s.Send(ctx, messages(10, 11)), 2)
		wantVerdicts(t, errs, "uu")
		if got := errs[0].Error(); !strings.Contains(got, "low on memory") {
			t.Errorf("the broker's reason is missing: %s", got)
		}
	})
}

// blockedFlight sends a message that gets no answer, blocks the broker and returns when the session has noticed.
func blockedFlight(t *testing.T, b *amqptest.Broker, s providers.Session) providers.Flight {
	t.Helper()
	answerByID(b, map[string]amqptest.Answer{"id-2": amqptest.Ignore()})
	wantVerdicts(t, outcomes(t, s, messages(1, 1)), "d")
	f := s.Send(t.Context(), messages(2, 2))
	b.Block("low on memory")
	eventually(t, "the session knows that it is blocked", func() bool { return amqp.Blocked(s) })
	return f
}

func TestCloseDoesNotWaitForABlockedBroker(t *testing.T) {
	b := amqptest.Start(t)
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	f := blockedFlight(t, b, s)
	sent := make(chan []error)
	go func() { sent <- waitFor(t, s.Send(t.Context(), messages(3, 3)), 1) }()
	waited := make(chan []error)
	go func() { waited <- waitFor(t, f, 1) }()
	within(t, "Close", soon, func() { s.Close(t.Context()) })
	wantVerdicts(t, <-waited, "?")
	wantVerdicts(t, <-sent, "u")
}

// A session that dies during an alarm must not leave its window in the socket of the next connection.
func TestDialAfterABlockedSessionWaitsForTheBroker(t *testing.T) {
	b := amqptest.Start(t)
	dial := dialFunc(t, b, 800*time.Millisecond, fixedKey)
	s := session(t, dial)
	blockedFlight(t, b, s)
	s.Close(t.Context())

	b.Answer(func(m *amqptest.Message) amqptest.Answer {
		if m.RoutingKey != "q" {
			return amqptest.Ignore()
		}
		return amqptest.Ack()
	})
	if _, err := dial(t.Context()); err == nil || !strings.Contains(err.Error(), "low on memory") {
		t.Errorf("dial during the alarm: %v", err)
	}
	release := time.AfterFunc(100*time.Millisecond, b.Unblock)
	defer release.Stop()
	s = session(t, dial)
	wantVerdicts(t, outcomes(t, s, messages(3, 3)), "d")
}

func TestStalledBroker(t *testing.T) {
	const timeout = 300 * time.Millisecond
	t.Run("no confirmation", func(t *testing.T) {
		b := amqptest.Start(t)
		b.Answer(func(*amqptest.Message) amqptest.Answer { return amqptest.Ignore() })
		s := session(t, dialFunc(t, b, timeout, fixedKey))
		within(t, "Wait", soon, func() { wantVerdicts(t, outcomes(t, s, messages(1, 3)), "???") })
	})
	t.Run("no reader", func(t *testing.T) {
		b := amqptest.Start(t)
		s := session(t, dialFunc(t, b, timeout, fixedKey))
		b.Pause()
		ms := messages(1, 40)
		for i := range ms {
			ms[i].Body = make([]byte, 1<<20)
		}
		within(t, "Send", 3*soon, func() {
			errs := outcomes(t, s, ms)
			if got := verdicts(errs); !strings.HasPrefix(got, "?") || !strings.HasSuffix(got, "u") {
				t.Errorf("outcomes %s", got)
			}
		})
		b.Resume()
	})
	t.Run("close", func(t *testing.T) {
		b := amqptest.Start(t)
		s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
		b.Pause()
		within(t, "Close", 2*soon, func() { s.Close(t.Context()) })
		b.Resume()
	})
	t.Run("queue look-up", func(t *testing.T) {
		b := amqptest.Start(t)
		s := session(t, dialFunc(t, b, timeout, nil))
		b.Pause()
		within(t, "Send", soon, func() { wantVerdicts(t, outcomes(t, s, messages(1, 1)), "u") })
		b.Resume()
	})
}

func TestContextEndsWait(t *testing.T) {
	b := amqptest.Start(t)
	b.Answer(func(m *amqptest.Message) amqptest.Answer {
		if m.ID == "id-2" {
			return amqptest.Ignore()
		}
		return amqptest.Ack()
	})
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	f := s.Send(t.Context(), messages(1, 2))
	eventually(t, "the first is stored", func() bool { return len(b.Stored()) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := f.Wait(ctx)
	var batch *providers.BatchError
	if !errors.As(err, &batch) || verdicts(batch.Errs) != "d?" {
		t.Errorf("Wait: %v", err)
	}
}

func TestDialErrors(t *testing.T) {
	b := amqptest.Start(t)
	b.SetPassword("secret-of-the-broker")
	wrong := func(c *amqp.Config) { c.Connection.Password = providers.NewSecret("secret-of-mine") }
	dial := dialFunc(t, b, 5*time.Second, wrong)
	_, err := dial(t.Context())
	if err == nil || providers.IsPermanent(err) || !strings.Contains(err.Error(), "login") || strings.Contains(err.Error(), "secret-of") {
		t.Errorf("wrong password: %v", err)
	}
	b.SetPassword("secret-of-mine")
	wantVerdicts(t, outcomes(t, session(t, dial), messages(1, 1)), "d")

	missing := dialFunc(t, b, 5*time.Second, func(c *amqp.Config) { wrong(c); c.Exchange = "later" })
	if _, err := missing(t.Context()); err == nil || providers.IsPermanent(err) || !strings.Contains(err.Error(), `exchange "later" does not exist`) {
		t.Errorf("missing exchange: %v", err)
	}
	b.AddExchange("later")
	session(t, missing)
}

func TestDialEndsWithItsContext(t *testing.T) {
	b := amqptest.Start(t)
	b.Pause()
	defer b.Resume()
	dial := dialFunc(t, b, 5*time.Second, fixedKey)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	within(t, "dial", soon, func() {
		if _, err := dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial: %v", err)
		}
	})
}

// Cut the connection after each number of bytes: nothing hangs, nothing is delivered twice within a session, what is
// called delivered is there.
func TestCutAtAnyByte(t *testing.T) {
	b := amqptest.Start(t)
	dial := dialFunc(t, b, 2*time.Second, nil)
	for n := 1; n < 1400; n += 13 {
		b.CutAfter(n)
		before := len(b.Stored())
		s, err := dial(t.Context())
		if err != nil {
			continue
		}
		errs := outcomes(t, s, messages(1, 3))
		within(t, "Close", soon, func() { s.Close(t.Context()) })
		stored := b.Stored()[before:]
		delivered := strings.Count(verdicts(errs), "d")
		if len(stored) < delivered || len(stored) > 3 {
			t.Fatalf("cut after %d bytes: outcomes %s, %d stored", n, verdicts(errs), len(stored))
		}
	}
	b.CutAfter(0)
	eventually(t, "all connections are gone", func() bool { return b.Connections() == 0 })
	wantVerdicts(t, outcomes(t, session(t, dial), messages(1, 3)), "ddd")
}

func TestClientProperties(t *testing.T) {
	b := amqptest.Start(t)
	session(t, dialFunc(t, b, 5*time.Second, func(c *amqp.Config) {
		c.Connection.ClientProperties = map[string]any{"connection_name": "mine", "deep": map[string]any{"yes": true}}
	}))
	got := b.ClientProperties()[0]
	delete(got, "capabilities")
	want := map[string]any{"product": "evhub", "platform": "Go", "connection_name": "mine", "deep": map[string]any{"yes": true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
