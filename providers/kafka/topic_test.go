package kafka_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
	"github.com/google/go-cmp/cmp"
)

func TestDialNeedsTheTopic(t *testing.T) {
	c := brokertest.New(t, 1)
	dial := dialerWithin(t, c, 500*time.Millisecond, nil)
	_, err := dial(context.Background())
	if err == nil || !strings.Contains(err.Error(), "UNKNOWN_TOPIC_OR_PARTITION") || !strings.Contains(err.Error(), "create the topic") {
		t.Errorf("Dial: %v", err)
	}
	c.Create("events", 1)
	deliver(t, session(t, dial), numbered(0, 0))
}

func TestTopicsTheBrokerCreates(t *testing.T) {
	for name, set := range map[string]func(*kafka.Config){
		"named":   nil,
		"profile": func(config *kafka.Config) { config.Topics = nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := brokertest.New(t, 1)
			c.AutoCreate = 3
			s := session(t, dialer(t, c, set))
			deliver(t, s, numbered(0, 4))
			deliver(t, s, numbered(5, 9))
			if diff := cmp.Diff(values(0, 9), c.Values("events")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func profiles(names ...string) []providers.Message {
	ms := numbered(0, len(names)-1)
	for i, name := range names {
		ms[i].Profile = name
	}
	return ms
}

// TestProfileAsTopic: an illegal name is refused for good and never changed; a topic that is missing fails the
// session in the end, after what is for others was delivered.
func TestProfileAsTopic(t *testing.T) {
	c := brokertest.New(t, 2)
	c.Create("idem-run", 2)
	c.Create("idem-state", 1)
	dial := dialerWithin(t, c, 600*time.Millisecond, func(config *kafka.Config) { config.Topics = nil })
	s := session(t, dial)
	err := wait(s.Send(context.Background(), profiles("idem-run", "käse", "idem-state", "..", "idem-run", strings.Repeat("x", 250))))
	var batch *providers.BatchError
	if !errors.As(err, &batch) {
		t.Fatalf("Wait: %v", err)
	}
	for i, want := range []bool{false, true, false, true, false, true} {
		if providers.IsPermanent(batch.Errs[i]) != want || (batch.Errs[i] == nil) == want {
			t.Errorf("message %d: %v", i, batch.Errs[i])
		}
	}
	err = wait(s.Send(context.Background(), profiles("missing", "idem-run", "idem-state")))
	if !errors.As(err, &batch) {
		t.Fatalf("Wait: %v", err)
	}
	if err := batch.Errs[0]; !providers.IsUnsent(err) || providers.IsPermanent(err) || !strings.Contains(err.Error(), "topic missing") {
		t.Errorf("missing topic: %v", err)
	}
	if batch.Errs[1] != nil || batch.Errs[2] != nil {
		t.Errorf("the others: %v", batch.Errs[1:])
	}
	closeSession(t, s)
	c.Create("missing", 1)
	deliver(t, session(t, dial), profiles("missing"))
	if got := len(c.Values("idem-run")) + len(c.Values("idem-state")) + len(c.Values("missing")); got != 6 {
		t.Errorf("%d records, want 6", got)
	}
}

// TestTopicDeleted: after error 3 the broker may not know the id, and would take the second batch after refusing the
// first. One in the air keeps the order.
func TestTopicDeleted(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	anew := atomic.Bool{}
	c.Script = func(brokertest.Batch) brokertest.Reply {
		if anew.CompareAndSwap(true, false) {
			return brokertest.Reply{Code: 2}
		}
		return brokertest.Reply{}
	}
	s := session(t, dialer(t, c, nil))
	deliver(t, s, numbered(0, 3))
	c.Delete("events")
	flights := []providers.Flight{s.Send(context.Background(), numbered(4, 5)), s.Send(context.Background(), numbered(6, 7))}
	eventually(t, "requests for it", func() bool { return c.Requests() > 1 })
	anew.Store(true)
	c.Create("events", 1)
	for _, f := range flights {
		if err := wait(f); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(values(4, 7), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestForgottenProducer: a new topic under the old name takes the second batch after refusing the first. The first
// does not count as delivered.
func TestForgottenProducer(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	gate := make(chan struct{})
	c.Script = func(b brokertest.Batch) brokertest.Reply {
		switch b.Attempt {
		case 2:
			return brokertest.Reply{Code: 2, Wait: gate}
		case 3:
			return brokertest.Reply{Wait: gate}
		}
		return brokertest.Reply{}
	}
	dial := dialer(t, c, nil)
	s := session(t, dial)
	deliver(t, s, numbered(0, 0))
	c.Create("events", 1)
	first, second := s.Send(context.Background(), numbered(1, 1)), s.Send(context.Background(), numbered(2, 2))
	close(gate)
	if err := wait(first); !providers.IsUnsent(err) || !strings.Contains(err.Error(), "forgotten") {
		t.Errorf("first: %v", err)
	}
	if err := wait(second); err != nil {
		t.Errorf("second: %v", err)
	}
	closeSession(t, s)
	deliver(t, session(t, dial), numbered(1, 1))
	if diff := cmp.Diff([]string{"2", "1"}, c.Values("events")); diff != "" {
		t.Error(diff)
	}
}
