package amqp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers/amqp"
	"github.com/evhub/evhub/providers/amqp/internal/amqptest"
)

func TestMessageOnTheWire(t *testing.T) {
	b := amqptest.Start(t)
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	m := message(1)
	m.Profile = "salt/job\n%"
	m.Attrs[2].Value = "é\n\x00%"
	wantVerdicts(t, outcomes(t, s, append(messages(2, 2), m)), "dd")

	got := b.Stored()[1]
	if got.Exchange != "" || got.RoutingKey != "q" || !got.Mandatory {
		t.Errorf("route %q %q mandatory %v", got.Exchange, got.RoutingKey, got.Mandatory)
	}
	if string(got.Body) != `{"n":1}` || got.ContentType != "application/json" || got.ID != "id-1" {
		t.Errorf("message %+v", got)
	}
	if got.DeliveryMode != 2 || got.Type != "salt/job%0A%25" || got.AppID != "evhub" || !got.Time.Equal(m.Time) {
		t.Errorf("properties %+v", got)
	}
	want := map[string]any{"cloudEvents:specversion": "1.0", "cloudEvents:id": "id-1", "cloudEvents:type": "é%0A%00%"}
	if diff := cmp.Diff(want, got.Headers); diff != "" {
		t.Error(diff)
	}
}

func TestHeadersOfOneMessageDoNotLeakIntoTheNext(t *testing.T) {
	b := amqptest.Start(t)
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	ms := messages(1, 3)
	ms[1].Attrs = ms[1].Attrs[:1]
	ms[2].Attrs = nil
	wantVerdicts(t, outcomes(t, s, ms), "ddd")
	stored := b.Stored()
	if len(stored[0].Headers) != 3 || len(stored[1].Headers) != 1 || len(stored[2].Headers) != 0 {
		t.Errorf("headers %v, %v, %v", stored[0].Headers, stored[1].Headers, stored[2].Headers)
	}
}

func TestTransientWithoutHeaders(t *testing.T) {
	b := amqptest.Start(t)
	s := session(t, dialFunc(t, b, 5*time.Second, func(c *amqp.Config) {
		fixedKey(c)
		c.Persistent, c.Headers = false, false
	}))
	wantVerdicts(t, outcomes(t, s, messages(1, 1)), "d")
	if got := b.Stored()[0]; got.DeliveryMode != 1 || len(got.Headers) != 0 {
		t.Errorf("delivery mode %d, headers %v", got.DeliveryMode, got.Headers)
	}
}

func TestLargeBodiesAreSplitIntoFrames(t *testing.T) {
	b := amqptest.Start(t)
	s := session(t, dialFunc(t, b, 10*time.Second, fixedKey))
	ms := messages(1, 3)
	ms[1].Body = []byte(strings.Repeat("x", 3<<20))
	wantVerdicts(t, outcomes(t, s, ms), "ddd")
	if got := b.Stored()[1].Body; string(got) != string(ms[1].Body) {
		t.Errorf("%d bytes arrived of %d", len(got), len(ms[1].Body))
	}
}

func TestWhatAMQPCannotCarryIsRefusedAlone(t *testing.T) {
	b := amqptest.Start(t)
	b.AddExchange("events")
	s := session(t, dialFunc(t, b, 5*time.Second, func(c *amqp.Config) { c.Exchange = "events" }))
	ms := messages(1, 5)
	ms[1].Profile = strings.Repeat("p", 256)
	ms[2].ID = strings.Repeat("i", 256)
	ms[3].Attrs[1].Value = strings.Repeat("a", 140_000)
	wantVerdicts(t, outcomes(t, s, ms), "dpppd")
	if diff := cmp.Diff([]string{"id-1", "id-5"}, storedIDs(b)); diff != "" {
		t.Error(diff)
	}
}

func TestProfileIsTheRoutingKeyOfANamedExchange(t *testing.T) {
	b := amqptest.Start(t)
	b.AddExchange("events")
	s := session(t, dialFunc(t, b, 5*time.Second, func(c *amqp.Config) { c.Exchange = "events" }))
	wantVerdicts(t, outcomes(t, s, messages(1, 1)), "d")
	if got := b.Stored()[0]; got.Exchange != "events" || got.RoutingKey != "orders" {
		t.Errorf("route %q %q", got.Exchange, got.RoutingKey)
	}
	if declared := b.Declared(); len(declared) != 0 {
		t.Errorf("declared %q", declared)
	}
}

func TestFlightsAreDeliveredInOrder(t *testing.T) {
	b := amqptest.Start(t)
	n := 0
	b.Answer(func(*amqptest.Message) amqptest.Answer {
		if n++; n%7 == 0 || n == 2000 {
			return amqptest.AckAll()
		}
		return amqptest.Keep()
	})
	s := session(t, dialFunc(t, b, 5*time.Second, fixedKey))
	var want []string
	flights := make(chan func(), 4)
	for batch := range 4 {
		ms := messages(batch*500+1, batch*500+500)
		for _, m := range ms {
			want = append(want, m.ID)
		}
		f := s.Send(t.Context(), ms)
		flights <- func() { wantVerdicts(t, waitFor(t, f, 500), strings.Repeat("d", 500)) }
	}
	close(flights)
	for wait := range flights {
		wait()
	}
	if diff := cmp.Diff(want, storedIDs(b)); diff != "" {
		t.Error(diff)
	}
}
