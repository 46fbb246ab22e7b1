package amqp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
	"github.com/evhub/evhub/providers/amqp/internal/amqptest"
)

// answerByID scripts single messages; all others are acknowledged.
func answerByID(b *amqptest.Broker, answers map[string]amqptest.Answer) {
	b.Answer(func(m *amqptest.Message) amqptest.Answer {
		if answer, ok := answers[m.ID]; ok {
			return answer
		}
		return amqptest.Ack()
	})
}

func TestReturnedMessagesAreRefusedAndTheirNeighboursDelivered(t *testing.T) {
	b := amqptest.Start(t)
	answerByID(b, map[string]amqptest.Answer{"id-2": amqptest.Return(), "id-5": amqptest.Return(), "id-7": amqptest.Return()})
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	first, second := s.Send(t.Context(), messages(1, 4)), s.Send(t.Context(), messages(5, 8))
	errs := waitFor(t, first, 4)
	wantVerdicts(t, errs, "dpdd")
	if got := errs[1].Error(); !strings.Contains(got, `no queue takes routing key "q"`) {
		t.Errorf("reason %q", got)
	}
	wantVerdicts(t, waitFor(t, second, 4), "pdpd")
	wantVerdicts(t, outcomes(t, s, messages(9, 9)), "d")
}

func TestAllReturned(t *testing.T) {
	b := amqptest.Start(t)
	b.Answer(func(*amqptest.Message) amqptest.Answer { return amqptest.Return() })
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	var flights []providers.Flight
	for batch := range 4 {
		flights = append(flights, s.Send(t.Context(), messages(batch*500+1, batch*500+500)))
	}
	for _, f := range flights {
		wantVerdicts(t, waitFor(t, f, 500), strings.Repeat("p", 500))
	}
}

// The ID alone does not tell which of two messages came back.
func TestReturnOfAnIDThatIsInFlightTwice(t *testing.T) {
	b := amqptest.Start(t)
	b.AddExchange("events")
	b.Answer(func(m *amqptest.Message) amqptest.Answer {
		if m.RoutingKey == "nowhere" {
			return amqptest.Return()
		}
		return amqptest.Ack()
	})
	s := session(t, dialFunc(t, b, 5*time.Second, func(c *amqp.Config) { c.Exchange = "events" }))
	ms := []providers.Message{message(1), message(1), message(1)}
	ms[1].Profile = "nowhere"
	wantVerdicts(t, outcomes(t, s, ms), "dpd")
}

func TestReturnsInAnotherOrder(t *testing.T) {
	b := amqptest.Start(t)
	answerByID(b, map[string]amqptest.Answer{
		"id-1": amqptest.Hold(), "id-2": amqptest.Return(), "id-3": amqptest.ReleaseReturned(),
	})
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	wantVerdicts(t, outcomes(t, s, messages(1, 4)), "ppdd")
}

func TestUnroutableRetry(t *testing.T) {
	b := amqptest.Start(t)
	answerByID(b, map[string]amqptest.Answer{"id-2": amqptest.Return()})
	s := session(t, dialFunc(t, b, 5*time.Second, func(c *amqp.Config) {
		fixedKey(c)
		c.Unroutable = "retry"
	}))
	wantVerdicts(t, outcomes(t, s, messages(1, 3)), "drd")
	wantVerdicts(t, outcomes(t, s, messages(4, 5)), "uu")
}

func TestReturnedThenCutIsARefusalNotUnknown(t *testing.T) {
	b := amqptest.Start(t)
	answerByID(b, map[string]amqptest.Answer{"id-2": amqptest.ReturnAlone(), "id-4": amqptest.KeepAndCut()})
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	f := s.Send(t.Context(), messages(1, 4))
	if got := verdicts(waitFor(t, f, 4)); got != "dp??" && got != "dpd?" {
		t.Errorf("outcomes %s", got)
	}
}

func TestNackIsRetriedAloneAndEndsTheSession(t *testing.T) {
	b := amqptest.Start(t)
	answerByID(b, map[string]amqptest.Answer{"id-2": amqptest.Nack()})
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	wantVerdicts(t, outcomes(t, s, messages(1, 4)), "drdd")
	wantVerdicts(t, outcomes(t, s, messages(5, 5)), "u")
	if diff := cmp.Diff([]string{"id-1", "id-3", "id-4"}, storedIDs(b)); diff != "" {
		t.Error(diff)
	}
}

func TestLostConnectionIsUnknownNotNack(t *testing.T) {
	b := amqptest.Start(t)
	answerByID(b, map[string]amqptest.Answer{"id-2": amqptest.KeepAndCut()})
	dial := dialFunc(t, b, 5*time.Second, fixedKey)
	s := session(t, dial)
	errs := outcomes(t, s, messages(1, 3))
	if got := verdicts(errs); got != "d??" && got != "???" {
		t.Errorf("outcomes %s: %v", got, errs)
	}
	wantVerdicts(t, outcomes(t, s, messages(4, 4)), "u")
	s.Close(t.Context())
	wantVerdicts(t, outcomes(t, session(t, dial), messages(5, 6)), "dd")
}

func TestChannelAndConnectionExceptionsAreRetried(t *testing.T) {
	for name, answer := range map[string]amqptest.Answer{
		"channel":    amqptest.CloseChannel(404, "NOT_FOUND - no exchange 'events'"),
		"connection": amqptest.CloseConnection(320, "CONNECTION_FORCED - shutdown"),
	} {
		t.Run(name, func(t *testing.T) {
			b := amqptest.Start(t)
			answerByID(b, map[string]amqptest.Answer{"id-2": answer})
			s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
			errs := outcomes(t, s, messages(1, 3))
			if got := verdicts(errs); got != "d??" && got != "d?u" {
				t.Fatalf("outcomes %s: %v", got, errs)
			}
			if got := errs[1].Error(); !strings.Contains(got, "NOT_FOUND") && !strings.Contains(got, "CONNECTION_FORCED") {
				t.Errorf("the broker's reason is missing: %q", got)
			}
		})
	}
}

func TestAMessageOverTheBrokersLimitIsRefusedAlone(t *testing.T) {
	b := amqptest.Start(t)
	b.Answer(func(m *amqptest.Message) amqptest.Answer {
		if len(m.Body) > 100 {
			return amqptest.CloseChannel(406, "PRECONDITION_FAILED - message size 200 is larger than configured max size 100")
		}
		return amqptest.Ack()
	})
	dial := dialFunc(t, b, 5*time.Second, fixedKey)
	ms := messages(1, 4)
	ms[1].Body = []byte(strings.Repeat("x", 200))
	ms[3].Body = []byte(strings.Repeat("x", 101))

	s := session(t, dial)
	errs := outcomes(t, s, ms)
	if got := verdicts(errs); got != "dp?p" && got != "dpuu" {
		t.Fatalf("outcomes %s: %v", got, errs)
	}
	s.Close(t.Context())

	// The next session knows the limit and keeps its connection.
	s = session(t, dial)
	wantVerdicts(t, outcomes(t, s, []providers.Message{message(5), ms[3], message(6)}), "dpd")
	s.Close(t.Context())

	// The one after it asks again: the limit may have been raised.
	b.Answer(func(*amqptest.Message) amqptest.Answer { return amqptest.Ack() })
	wantVerdicts(t, outcomes(t, session(t, dial), ms[3:]), "d")
}

func TestAPreconditionThatOneMessageAloneFails(t *testing.T) {
	b := amqptest.Start(t)
	answerByID(b, map[string]amqptest.Answer{"id-1": amqptest.CloseChannel(406, "PRECONDITION_FAILED - whatever")})
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	wantVerdicts(t, outcomes(t, s, messages(1, 1)), "p")
}
