package integration

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"
	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/providers/all"
)

// The destinations of a fanOut.
const (
	kafkaName = "kafka:log"
	amqpName  = "amqp:queue"
)

// fanOut is an acct file by which every event goes to a Kafka topic and to an AMQP queue.
type fanOut struct {
	kafka, topic string // bootstrap servers
	url, queue   string
	// delivery is the inside of a YAML mapping, for both destinations.
	delivery string
	// own is what one destination has beside that, by its name.
	own map[string]string
}

// newFanOut creates a topic of three partitions and a durable queue, both called name.
func newFanOut(t *testing.T, k *brokers.Kafka, r *brokers.RabbitMQ, name string) fanOut {
	t.Helper()
	return fanOut{
		kafka: k.Addr(), topic: createTopic(t, k, brokers.Topic{Name: name, Partitions: 3}),
		url: r.URL(), queue: declareQueue(t, r, name, nil),
		delivery: "timeout: 5s, retry: {min: 20ms, max: 300ms}",
	}
}

func (f fanOut) yaml() string {
	return fmt.Sprintf(`
kafka:
  "*":
    name: log
    topics: [%s]
    connection: {bootstrap_servers: %q}
    delivery: {%s, %s}
amqp:
  "*":
    name: queue
    routing_key: %s
    connection: {url: %q}
    delivery: {%s, %s}
`, f.topic, f.kafka, f.delivery, f.own[kafkaName], f.queue, f.url, f.delivery, f.own[amqpName])
}

func parseAcct(t *testing.T, text string) *acct.File {
	t.Helper()
	f, err := acct.Parse("acct.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// openHub opens a hub with all providers, which ends with the test.
func openHub(t *testing.T, acctText string, opts ...hub.Option) *hub.Hub {
	t.Helper()
	opts = append([]hub.Option{
		hub.WithProviders(all.Providers()...),
		hub.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
	}, opts...)
	h, err := hub.Open(t.Context(), parseAcct(t, acctText), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = h.Close(ctx) // what is left belongs to a test that has failed already
	})
	return h
}

func reload(t *testing.T, ctx context.Context, h *hub.Hub, acctText string) {
	t.Helper()
	if err := h.Reload(ctx, parseAcct(t, acctText)); err != nil {
		t.Fatal(err)
	}
}

// minted is the next event of a key, ready to be put.
func minted(o *oracle.Oracle, key string, size int) hub.Event {
	e := o.MintSize(key, size)
	return hub.Event{Profile: "idem-run", Body: e.Body, Key: e.Key, ID: e.ID}
}

// put puts n events of a few keys and has the oracle expect them.
func put(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle, n int) {
	t.Helper()
	for i := range n {
		e := minted(o, fmt.Sprint("key", i%7), 100)
		if err := h.Put(ctx, e); err != nil {
			t.Fatal(err)
		}
		o.Accept(e.ID)
	}
}

func flush(t *testing.T, ctx context.Context, h *hub.Hub) {
	t.Helper()
	if err := h.Flush(ctx); err != nil {
		t.Fatalf("flush: %v; %s", err, describe(h))
	}
}

// stats is a snapshot of one destination.
func stats(t *testing.T, h *hub.Hub, name string) hub.DestinationStats {
	t.Helper()
	for _, d := range h.Stats().Destinations {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no destination %s; %s", name, describe(h))
	return hub.DestinationStats{}
}

func describe(h *hub.Hub) (text string) {
	for _, d := range h.Stats().Destinations {
		text += fmt.Sprintf("%s: %s, %d delivered, %d waiting, %d dead, %d dropped, %d dials, last error %q; ",
			d.Name, d.Phase, d.Delivered, d.BacklogEvents, d.Refused, d.Dropped, d.Dials, d.LastError)
	}
	return text
}

// eventually waits for a condition and fails the test if ctx ends first.
func eventually(t *testing.T, ctx context.Context, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not so in time: %s", what)
		}
	}
}

// onTopic returns a witness that has seen all of a topic.
func onTopic(t *testing.T, ctx context.Context, k *brokers.Kafka, topic string, o *oracle.Oracle) *oracle.Witness {
	t.Helper()
	w := o.Witness("topic " + topic)
	if err := oracle.ReadTopic(ctx, k.Addr(), topic, func(m kafka.Message) { w.Observe(m.Value) }); err != nil {
		t.Fatal(err)
	}
	return w
}

// onQueue returns a witness that has seen, and taken, all of a queue.
func onQueue(t *testing.T, ctx context.Context, r *brokers.RabbitMQ, queue string, o *oracle.Oracle) *oracle.Witness {
	t.Helper()
	w := o.Witness("queue " + queue)
	if err := oracle.DrainQueue(ctx, r.URL(), queue, func(d rabbit.Delivery) { w.Observe(d.Body) }); err != nil {
		t.Fatal(err)
	}
	return w
}

// verify fails the test unless both brokers have all that was accepted, in order, with at most so many duplicates each.
func (f fanOut) verify(t *testing.T, ctx context.Context, k *brokers.Kafka, r *brokers.RabbitMQ, o *oracle.Oracle, duplicates int) {
	t.Helper()
	for _, w := range []*oracle.Witness{onTopic(t, ctx, k, f.topic, o), onQueue(t, ctx, r, f.queue, o)} {
		judge(t, w, duplicates)
	}
}
