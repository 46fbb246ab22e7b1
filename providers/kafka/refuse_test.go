package kafka_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
	"github.com/google/go-cmp/cmp"
)

// refusals waits for flights and returns the bodies of the messages that were refused for good. Anything else but
// a delivery fails the test.
func refusals(t *testing.T, flights []providers.Flight, sent [][]providers.Message) []string {
	t.Helper()
	var refused []string
	for i, f := range flights {
		err := wait(f)
		var batch *providers.BatchError
		if err != nil && !errors.As(err, &batch) {
			t.Fatalf("flight %d: %v", i, err)
		}
		for j, m := range sent[i] {
			if batch == nil || batch.Errs[j] == nil {
				continue
			}
			if !providers.IsPermanent(batch.Errs[j]) {
				t.Errorf("message %s: %v", m.Body, batch.Errs[j])
			}
			refused = append(refused, string(m.Body))
		}
	}
	return refused
}

// TestRefusedRecords: the broker finds single records wrong; their neighbours are delivered, in order, in the same
// session.
func TestRefusedRecords(t *testing.T) {
	bad := map[string]bool{"4": true, "13": true, "14": true, "27": true}
	named := func(code int16) func(brokertest.Batch) brokertest.Reply {
		return func(b brokertest.Batch) (r brokertest.Reply) {
			for i, v := range b.Values {
				if bad[v] {
					r.Code, r.Refused = code, append(r.Refused, int32(i))
				}
			}
			return r
		}
	}
	unnamed := func(code int16) func(brokertest.Batch) brokertest.Reply {
		return func(b brokertest.Batch) (r brokertest.Reply) {
			if slices.ContainsFunc(b.Values, func(v string) bool { return bad[v] }) {
				r.Code = code
			}
			return r
		}
	}
	for name, script := range map[string]func(brokertest.Batch) brokertest.Reply{
		"invalid, named":     named(87),
		"timestamp, named":   named(32),
		"too large":          unnamed(10),
		"list too large":     unnamed(18),
		"invalid, old Kafka": unnamed(87),
	} {
		for _, acks := range []kafka.Acks{kafka.AcksAll, kafka.AcksLeader} {
			t.Run(name+", acks "+acks.String(), func(t *testing.T) {
				t.Parallel()
				c := brokertest.New(t, 1)
				c.Create("events", 1)
				c.Script = script
				if strings.Contains(name, "old") {
					c.ProduceVersion = 7
				}
				s := session(t, dialer(t, c, func(config *kafka.Config) { config.Connection.Acks = acks }))
				var flights []providers.Flight
				var sent [][]providers.Message
				for i := range 5 {
					ms := numbered(i*7, i*7+6)
					sent = append(sent, ms)
					flights = append(flights, s.Send(context.Background(), ms))
				}
				if diff := cmp.Diff([]string{"4", "13", "14", "27"}, refusals(t, flights, sent)); diff != "" {
					t.Error(diff)
				}
				want := slices.DeleteFunc(values(0, 34), func(v string) bool { return bad[v] })
				if diff := cmp.Diff(want, c.Values("events")); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestRefusedThenLost: the hole that a refused record leaves is closed by a new epoch, under which lost answers are
// settled as before.
func TestRefusedThenLost(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	cuts := 0
	c.Script = func(b brokertest.Batch) (r brokertest.Reply) {
		if i := slices.Index(b.Values, "8"); i >= 0 {
			return brokertest.Reply{Code: 87, Refused: []int32{int32(i)}}
		}
		if cuts++; b.Epoch == 1 && cuts%3 == 0 && cuts < 30 {
			return brokertest.Reply{Hangup: true, Store: true}
		}
		return brokertest.Reply{}
	}
	s := session(t, dialer(t, c, nil))
	var flights []providers.Flight
	var sent [][]providers.Message
	for i := range 10 {
		ms := numbered(i*3, i*3+2)
		sent = append(sent, ms)
		flights = append(flights, s.Send(context.Background(), ms))
	}
	if diff := cmp.Diff([]string{"8"}, refusals(t, flights, sent)); diff != "" {
		t.Error(diff)
	}
	want := slices.DeleteFunc(values(0, 29), func(v string) bool { return v == "8" })
	if diff := cmp.Diff(want, c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestTooLarge: a limit of the broker below ours is met by halving, a record above ours is not even sent.
func TestTooLarge(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.MaxBatch = 2000
	s := session(t, dialer(t, c, func(config *kafka.Config) { config.Connection.MaxRequestSize = 100 * providers.KiB }))
	var flights []providers.Flight
	var sent [][]providers.Message
	var want []string
	for i := range 8 {
		ms := numbered(i*10, i*10+9)
		for j := range ms {
			body := strings.Repeat("x", 300)
			switch i*10 + j {
			case 15:
				body = strings.Repeat("broker", 500)
			case 37:
				body = strings.Repeat("own", 50_000)
			}
			ms[j].Body = append(ms[j].Body, body...)
			if len(body) == 300 {
				want = append(want, string(ms[j].Body))
			}
		}
		sent = append(sent, ms)
		flights = append(flights, s.Send(context.Background(), ms))
	}
	refused := refusals(t, flights, sent)
	if len(refused) != 2 || !strings.HasPrefix(refused[0], "15broker") || !strings.HasPrefix(refused[1], "37own") {
		t.Errorf("%d refused", len(refused))
	}
	if diff := cmp.Diff(want, c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestBatchesAreCut: by max_batch_size, and each of a large flight stays below max_request_size.
func TestBatchesAreCut(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.MaxBatch = 2100
	s := session(t, dialer(t, c, func(config *kafka.Config) { config.Connection.MaxBatchSize = 2048 }))
	ms := numbered(0, 99)
	for i := range ms {
		ms[i].Body = append(ms[i].Body, strings.Repeat("x", 200)...)
	}
	deliver(t, s, ms)
	if n := c.Requests(); n < 12 || n > 30 {
		t.Errorf("%d requests", n)
	}
	for i, v := range c.Values("events") {
		if v != string(ms[i].Body) {
			t.Fatalf("record %d is %.5s", i, v)
		}
	}
}
