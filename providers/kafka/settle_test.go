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

// reply scripts the nth batch, counted from 1, and leaves the others alone.
func reply(plan map[int]brokertest.Reply) func(brokertest.Batch) brokertest.Reply {
	return func(b brokertest.Batch) brokertest.Reply { return plan[b.Attempt] }
}

// TestSettlesWithinTheSession: whatever becomes of some batches, every message is delivered once, in order, in one
// session.
func TestSettlesWithinTheSession(t *testing.T) {
	type plan = map[int]brokertest.Reply
	hangup := brokertest.Reply{Hangup: true, Code: 19}
	hangupStored := brokertest.Reply{Hangup: true}
	silentStored := brokertest.Reply{Silent: true, Store: true}
	for name, p := range map[string]plan{
		"answer of the first lost":    {1: hangupStored},
		"answer lost":                 {4: hangupStored},
		"request lost":                {4: hangup},
		"lost again and again":        {3: hangupStored, 4: hangup, 6: hangupStored, 9: hangupStored},
		"no answer":                   {5: silentStored},
		"unknown topic for a moment":  {2: {Code: 3}},
		"leader not available":        {3: {Code: 5}},
		"not the leader":              {2: {Code: 6}, 3: {Code: 6}},
		"timed out, but written":      {3: {Code: 7, Store: true}},
		"too few replicas":            {3: {Code: 19}, 5: {Code: 19}},
		"too few after append":        {3: {Code: 20, Store: true}},
		"storage error":               {1: {Code: 56}, 4: {Code: 56}},
		"corrupt once":                {3: {Code: 2}},
		"corrupt at first":            {1: {Code: 2}},
		"already there":               {3: {Code: 46, Store: true}},
		"unknown server error":        {3: {Code: -1, Store: true}},
		"not written, then cut":       {3: {Code: 19}, 4: hangup},
		"gap answered, then cut":      {3: {Code: 19}, 5: hangup},
		"too few, then silent stored": {2: {Code: 19}, 6: silentStored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := brokertest.New(t, 1)
			c.Create("events", 1)
			c.Script = reply(p)
			s := session(t, dialerWithin(t, c, time.Second, nil))
			var flights []providers.Flight
			for i := range 10 {
				flights = append(flights, s.Send(context.Background(), numbered(i*3, i*3+2)))
			}
			for i, f := range flights {
				if err := wait(f); err != nil {
					t.Fatalf("flight %d: %v", i, err)
				}
			}
			if diff := cmp.Diff(values(0, 29), c.Values("events")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRestart: of five batches in the air the broker has some, and after its restart it recognises only the last.
func TestRestart(t *testing.T) {
	for stored := 1; stored <= 5; stored++ {
		c := brokertest.New(t, 1)
		c.Create("events", 1)
		arrived := atomic.Int32{}
		c.Script = func(b brokertest.Batch) brokertest.Reply {
			switch {
			case b.Attempt > 1 && b.Attempt <= 1+stored:
				arrived.Add(1)
				return brokertest.Reply{Silent: true, Store: true}
			case b.Attempt > 1 && b.Attempt <= 6:
				arrived.Add(1)
				return brokertest.Reply{Silent: true, Code: 19}
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
				t.Fatalf("%d stored: flight %d: %v", stored, i, err)
			}
		}
		if diff := cmp.Diff(values(0, 5), c.Values("events")); diff != "" {
			t.Errorf("%d stored: %s", stored, diff)
		}
	}
}

// TestWindow: one batch in the air until the partition has acknowledged one, then five.
func TestWindow(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	gate := make(chan struct{})
	c.Script = func(brokertest.Batch) brokertest.Reply { return brokertest.Reply{Wait: gate} }
	s := session(t, dialer(t, c, nil))
	first := s.Send(context.Background(), numbered(0, 0))
	second := s.Send(context.Background(), numbered(1, 1))
	eventually(t, "the first at the broker", func() bool { return c.Requests() == 1 })
	close(gate)
	for _, f := range []providers.Flight{first, second} {
		if err := wait(f); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(values(0, 1), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestUnknownIDRefusesFirst: a broker that does not know the id would take the second batch after refusing the
// first. Only one in the air keeps the order.
func TestUnknownIDRefusesFirst(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.Script = reply(map[int]brokertest.Reply{1: {Code: 2}})
	s := session(t, dialer(t, c, nil))
	var flights []providers.Flight
	for i := range 5 {
		flights = append(flights, s.Send(context.Background(), numbered(i, i)))
	}
	for _, f := range flights {
		if err := wait(f); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(values(0, 4), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestUnsettled: what cannot be settled in time ends the session with unknown outcomes; what never left is Unsent;
// the next session delivers it all under a new epoch.
func TestUnsettled(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	healthy := atomic.Bool{}
	epochs := make(chan int16, 100)
	c.Script = func(b brokertest.Batch) brokertest.Reply {
		epochs <- b.Epoch
		if healthy.Load() {
			return brokertest.Reply{}
		}
		return brokertest.Reply{Silent: true, Store: true}
	}
	dial := dialerWithin(t, c, 400*time.Millisecond, nil)
	s := session(t, dial)
	first, second := s.Send(context.Background(), numbered(0, 1)), s.Send(context.Background(), numbered(2, 2))
	if err := wait(first); err == nil || providers.IsUnsent(err) || providers.IsPermanent(err) {
		t.Errorf("first: %v", err)
	}
	if err := wait(second); !providers.IsUnsent(err) {
		t.Errorf("second: %v", err)
	}
	if err := wait(s.Send(context.Background(), numbered(3, 3))); !providers.IsUnsent(err) {
		t.Errorf("after the end: %v", err)
	}
	closeSession(t, s)
	healthy.Store(true)
	if epoch := <-epochs; epoch != 0 {
		t.Errorf("epoch %d, want 0", epoch)
	}
	for len(epochs) > 0 {
		<-epochs
	}
	deliver(t, session(t, dial), numbered(0, 3))
	if epoch := <-epochs; epoch != 1 {
		t.Errorf("epoch of the second session %d, want 1", epoch)
	}
	if diff := cmp.Diff(append(values(0, 1), values(0, 3)...), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestOtherErrors end the session with a reason, and nothing later of the partition is delivered.
func TestOtherErrors(t *testing.T) {
	for name, test := range map[string]struct {
		reply  brokertest.Reply
		text   string
		unsent bool
	}{
		"not allowed":   {brokertest.Reply{Code: 29}, "TOPIC_AUTHORIZATION_FAILED", true},
		"fenced":        {brokertest.Reply{Code: 47}, "INVALID_PRODUCER_EPOCH", false},
		"forgotten":     {brokertest.Reply{Code: 59}, "UNKNOWN_PRODUCER_ID", false},
		"unexplained":   {brokertest.Reply{Code: 45}, "OUT_OF_ORDER_SEQUENCE_NUMBER", false},
		"codec unknown": {brokertest.Reply{Code: 76}, "UNSUPPORTED_COMPRESSION_TYPE", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := brokertest.New(t, 1)
			c.Create("events", 1)
			c.Script = reply(map[int]brokertest.Reply{2: test.reply})
			dial := dialer(t, c, nil)
			s := session(t, dial)
			deliver(t, s, numbered(0, 0))
			bad, later := s.Send(context.Background(), numbered(1, 1)), s.Send(context.Background(), numbered(2, 2))
			err := wait(bad)
			if err == nil || !strings.Contains(err.Error(), test.text) || providers.IsUnsent(err) != test.unsent || providers.IsPermanent(err) {
				t.Errorf("Wait: %v", err)
			}
			if err := wait(later); err == nil {
				t.Error("the later message is delivered")
			}
			closeSession(t, s)
			deliver(t, session(t, dial), numbered(1, 2))
			if diff := cmp.Diff(values(0, 2), c.Values("events")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWithoutProducerID: a broker that grants none gets one batch at a time, and nothing is sent again.
func TestWithoutProducerID(t *testing.T) {
	for name, set := range map[string]func(*brokertest.Cluster, *kafka.Config){
		"not allowed": func(c *brokertest.Cluster, _ *kafka.Config) { c.Identify = func() int16 { return 31 } },
		"acks 1":      func(_ *brokertest.Cluster, config *kafka.Config) { config.Connection.Acks = kafka.AcksLeader },
	} {
		t.Run(name, func(t *testing.T) {
			c := brokertest.New(t, 1)
			c.Create("events", 1)
			ids, inAir, most := atomic.Int64{}, atomic.Int32{}, atomic.Int32{}
			c.Script = func(b brokertest.Batch) brokertest.Reply {
				ids.Store(b.ID)
				most.Store(max(most.Load(), inAir.Add(1)))
				defer inAir.Add(-1)
				if b.Attempt == 4 {
					return brokertest.Reply{Hangup: true, Store: true}
				}
				return brokertest.Reply{}
			}
			s := session(t, dialer(t, c, func(config *kafka.Config) { set(c, config) }))
			var flights []providers.Flight
			for i := range 5 {
				flights = append(flights, s.Send(context.Background(), numbered(i, i)))
			}
			for i, f := range flights {
				err := wait(f)
				if ok := err == nil; ok != (i < 3) || providers.IsUnsent(err) != (i > 3) {
					t.Errorf("flight %d: %v", i, err)
				}
			}
			if ids.Load() != -1 || most.Load() != 1 {
				t.Errorf("id %d, %d batches at once", ids.Load(), most.Load())
			}
			if diff := cmp.Diff(values(0, 3), c.Values("events")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAsksAgainForAProducerID(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	codes := []int16{14, 15, 16, 0}
	c.Identify = func() int16 {
		next := codes[0]
		codes = codes[1:]
		return next
	}
	deliver(t, session(t, dialer(t, c, nil)), numbered(0, 3))
	if len(codes) != 0 {
		t.Errorf("%d answers not asked for", len(codes))
	}
}

func TestAcksNone(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	set := func(config *kafka.Config) { config.Connection.Acks = kafka.AcksNone }
	if configured(t, set)[0].Caps.Acked {
		t.Error("Caps says that deliveries are confirmed")
	}
	s := session(t, dialer(t, c, set))
	for i := range 10 {
		deliver(t, s, numbered(i, i))
	}
	eventually(t, "all there", func() bool { return len(c.Values("events")) == 10 })
	if diff := cmp.Diff(values(0, 9), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestSettlesTheOthersFirst: a partition that fails for good ends the session, but not before the answer for
// another that is on its way.
func TestSettlesTheOthersFirst(t *testing.T) {
	c := brokertest.New(t, 2)
	c.Create("events", 2)
	gate, other := make(chan struct{}), make(chan struct{})
	c.Script = func(b brokertest.Batch) brokertest.Reply {
		if b.Partition == 0 {
			return brokertest.Reply{Code: 29, Wait: other}
		}
		close(other)
		return brokertest.Reply{Wait: gate}
	}
	s := session(t, dialer(t, c, nil))
	ms := numbered(0, 9)
	for i := range ms {
		ms[i].Key = values(0, 9)[i]
	}
	f := s.Send(context.Background(), ms)
	<-other
	time.AfterFunc(50*time.Millisecond, func() { close(gate) }) // when the refusal has been read
	var batch *providers.BatchError
	if err := wait(f); !errors.As(err, &batch) {
		t.Fatalf("Wait: %v", err)
	}
	delivered := 0
	for _, err := range batch.Errs {
		if err == nil {
			delivered++
		} else if !strings.Contains(err.Error(), "TOPIC_AUTHORIZATION_FAILED") {
			t.Errorf("outcome: %v", err)
		}
	}
	if delivered == 0 || delivered != len(c.Log("events", 1)) {
		t.Errorf("%d reported as delivered, %d are there", delivered, len(c.Log("events", 1)))
	}
}
