package kafka_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
	"github.com/google/go-cmp/cmp"
)

// TestNoLongerLeaderIsUnknown: a leader that loses its office while its replicas copy a batch answers that it is not
// the leader, or does not know the partition, and the next leader may have the batch.
func TestNoLongerLeaderIsUnknown(t *testing.T) {
	for _, code := range []int16{3, 6} {
		c := brokertest.New(t, 1)
		c.Create("events", 1)
		c.Script = func(b brokertest.Batch) brokertest.Reply {
			return brokertest.Reply{Code: code, Store: b.Attempt == 1}
		}
		s := session(t, dialerWithin(t, c, 200*time.Millisecond, nil))
		if err := wait(s.Send(context.Background(), numbered(0, 0))); err == nil || providers.IsUnsent(err) || providers.IsPermanent(err) {
			t.Errorf("code %d: Wait: %v", code, err)
		}
		if n := len(c.Values("events")); n != 1 {
			t.Errorf("code %d: %d in the log", code, n)
		}
	}
}

// TestAcksNoneCutWhileWriting: what was not written whole is not delivered, and is known soon.
func TestAcksNoneCutWhileWriting(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	gate := make(chan struct{})
	defer close(gate)
	c.Script = func(brokertest.Batch) brokertest.Reply { return brokertest.Reply{Wait: gate} }
	s := session(t, dialerWithin(t, c, 10*time.Second, func(config *kafka.Config) {
		config.Connection.Acks, config.Connection.MaxRequestSize = kafka.AcksNone, 64*providers.MiB
	}))
	deliver(t, s, numbered(0, 0))
	eventually(t, "the first at the broker", func() bool { return c.Requests() == 1 })
	big := numbered(1, 1)
	big[0].Body = bytes.Repeat([]byte("x"), 16<<20)
	cut := time.AfterFunc(300*time.Millisecond, c.Hangup)
	defer cut.Stop()
	start := time.Now()
	err := wait(s.Send(context.Background(), big))
	if err == nil || providers.IsPermanent(err) {
		t.Errorf("Wait: %v", err)
	}
	if d := time.Since(start); d > 4*time.Second {
		t.Errorf("known after %s", d)
	}
}

// TestTroubleEndsWithARefusal: how long a partition has been in trouble is not counted from trouble that is over.
func TestTroubleEndsWithARefusal(t *testing.T) {
	const timeout = 300 * time.Millisecond
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.Script = reply(map[int]brokertest.Reply{1: {Code: 2}, 2: {Code: 10}, 3: {Code: 19}})
	s := session(t, dialerWithin(t, c, timeout, nil))
	if err := wait(s.Send(context.Background(), numbered(0, 0))); !providers.IsPermanent(err) {
		t.Fatalf("Wait: %v", err)
	}
	<-time.After(timeout + 50*time.Millisecond)
	deliver(t, s, numbered(1, 1))
}

// TestRefusedAfterALostAnswer: records next to a refused one get no new numbers if the log may have them already.
func TestRefusedAfterALostAnswer(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.Script = reply(map[int]brokertest.Reply{2: {Hangup: true, Store: true}, 3: {Code: 87, Refused: []int32{0}}})
	s := session(t, dialer(t, c, nil))
	deliver(t, s, numbered(0, 0))
	if err := wait(s.Send(context.Background(), numbered(1, 3))); err == nil {
		t.Error("all delivered")
	}
	if diff := cmp.Diff(values(0, 3), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestRestartAndUnknownTopic: after its restart a broker first does not know the topic, and then recognises only the
// last of the batches it has.
func TestRestartAndUnknownTopic(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	arrived := atomic.Int32{}
	c.Script = func(b brokertest.Batch) brokertest.Reply {
		switch {
		case b.Attempt > 1 && b.Attempt <= 6:
			arrived.Add(1)
			return brokertest.Reply{Silent: true, Store: true}
		case b.Attempt > 6 && b.Attempt <= 11:
			return brokertest.Reply{Code: 3}
		}
		return brokertest.Reply{}
	}
	s := session(t, dialer(t, c, nil))
	deliver(t, s, numbered(0, 0))
	var flights []providers.Flight
	for i := 1; i <= 5; i++ {
		flights = append(flights, s.Send(context.Background(), numbered(i, i)))
	}
	eventually(t, "all five at the broker", func() bool { return arrived.Load() == 5 })
	c.Restart()
	for i, f := range flights {
		if err := wait(f); err != nil {
			t.Fatalf("flight %d: %v", i, err)
		}
	}
	if diff := cmp.Diff(values(0, 5), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestTopicAnewBetweenSessions: the partitions of a topic that was deleted and created anew do not know the id that
// the old ones knew.
func TestTopicAnewBetweenSessions(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	gate := make(chan struct{})
	c.Script = reply(map[int]brokertest.Reply{2: {Code: 19, Wait: gate}})
	dial := dialer(t, c, nil)
	s := session(t, dial)
	deliver(t, s, numbered(0, 0))
	closeSession(t, s)
	c.Delete("events")
	c.Create("events", 1)
	s = session(t, dial)
	var flights []providers.Flight
	for i := 1; i <= 5; i++ {
		flights = append(flights, s.Send(context.Background(), numbered(i, i)))
	}
	close(gate)
	for i, f := range flights {
		if err := wait(f); err != nil {
			t.Errorf("flight %d: %v", i, err)
		}
	}
	if diff := cmp.Diff(values(1, 5), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}
