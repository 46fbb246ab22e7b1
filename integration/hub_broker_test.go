package integration

import (
	"context"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// victim is a broker that has a fault while the other destination works.
type victim struct {
	name, other string
	begin       func() error
	end         func(context.Context) error
}

// killed are the brokers, each killed with SIGKILL and started again.
func killed(k *brokers.Kafka, r *brokers.RabbitMQ) []victim {
	return []victim{
		{kafkaName, amqpName, func() error { k.Nodes[0].Kill9(); return nil }, k.Nodes[0].Restart},
		{amqpName, kafkaName, func() error { r.Kill9(); return nil }, r.Restart},
	}
}

// frozen are the brokers, each stopped with SIGSTOP and continued.
func frozen(k *brokers.Kafka, r *brokers.RabbitMQ) []victim {
	return []victim{
		{kafkaName, amqpName, k.Nodes[0].Stop, func(context.Context) error { return k.Nodes[0].Cont() }},
		{amqpName, kafkaName, r.Stop, func(context.Context) error { return r.Cont() }},
	}
}

// rounds is how often a fault comes.
func rounds(full int) int {
	if brokers.Full() {
		return full
	}
	return 1
}

// underFaults puts events all the while, has each victim in trouble for as long as given, so many times, and returns when
// everything is delivered.
func underFaults(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle, victims []victim, times int, lasts time.Duration) {
	t.Helper()
	l := startLoad(t, h, o)
	for range times {
		for _, v := range victims {
			l.settles(ctx, v.name)
			dials := stats(t, h, v.name).Dials
			if err := v.begin(); err != nil {
				t.Fatal(err)
			}
			l.keepsRate(v.other, lasts)
			if err := v.end(ctx); err != nil {
				t.Fatal(err)
			}
			mended := time.Now()
			l.settles(ctx, v.name)
			t.Logf("%s delivers again after %v, %d dials", v.name, time.Since(mended), stats(t, h, v.name).Dials-dials)
			if took := time.Since(mended); took > 30*time.Second {
				t.Errorf("%s takes %v to come back", v.name, took)
			}
		}
	}
	l.end()
	flush(t, ctx, h)
	for _, v := range victims {
		if s := stats(t, h, v.name); s.Delivered != h.Stats().Accepted || s.Refused+s.Dropped > 0 || s.BacklogEvents > 0 {
			t.Errorf("%d accepted: %s", h.Stats().Accepted, describe(h))
		}
	}
}

// A window is 2 batches of 50: so much may come twice for each fault.
const faultWindow = 100

func TestHubKill9UnderLoad(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	ctx, o := within(t, 3*time.Minute*time.Duration(rounds(20))), oracle.New("hub-kill9")
	f := newFanOut(t, k, r, "hub-kill9")
	f.delivery += ", batch: 50, window: 2"
	h := openHub(t, f.yaml())
	underFaults(t, ctx, h, o, killed(k, r), rounds(20), time.Second)
	f.verify(t, ctx, k, r, o, faultWindow*rounds(20))
}

func TestHubStopForLongerThanTheTimeout(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	ctx, o := within(t, 3*time.Minute*time.Duration(rounds(10))), oracle.New("hub-stop")
	f := newFanOut(t, k, r, "hub-stop")
	f.delivery = "batch: 50, window: 2, timeout: 500ms, retry: {min: 20ms, max: 300ms}"
	lasts := 2 * time.Second
	if brokers.Full() {
		lasts = 10 * time.Second
	}
	h := openHub(t, f.yaml())
	underFaults(t, ctx, h, o, frozen(k, r), rounds(10), lasts)
	// Each session that is dialled while the broker is slow to come back may have one more window in the air.
	sessions := 4 * rounds(10)
	f.verify(t, ctx, k, r, o, faultWindow*sessions)
}
