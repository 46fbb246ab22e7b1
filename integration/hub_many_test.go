package integration

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// manySinks is an acct file with a destination for each queue and topic, named after it.
type manySinks struct {
	amqp, kafka strings.Builder
}

func (s *manySinks) queue(name, url string) {
	fmt.Fprintf(&s.amqp, `
  - "*": {name: %s, routing_key: %s, connection: {url: %q}, delivery: {timeout: 1s, batch: 50, window: 2, retry: {min: 20ms, max: 200ms}}}`,
		name, name, url)
}

func (s *manySinks) topic(name, servers string) {
	fmt.Fprintf(&s.kafka, `
  - "*": {name: %s, topics: [%s], connection: {bootstrap_servers: %q}, delivery: {timeout: 1s, batch: 50, window: 2, retry: {min: 20ms, max: 200ms}}}`,
		name, name, servers)
}

func (s *manySinks) yaml() string {
	return "amqp:" + s.amqp.String() + "\nkafka:" + s.kafka.String() + "\n"
}

// Of ten destinations one is dead, one slow and one flaps: the others notice nothing, and in the end each has everything.
func TestHubThreeOfTenDestinationsInTrouble(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute*time.Duration(rounds(10))), oracle.New("hub-ten")
	var f fanOut // only for its proxies
	proxies := f.proxied(t, k, r)
	slow, err := faultproxy.New(r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slow.Close() })

	var sinks manySinks
	queues, topics := []string{"ten-q0", "ten-q1", "ten-q2", "ten-dead", "ten-slow"}, []string{"ten-t0", "ten-t1", "ten-t2", "ten-t3", "ten-flaps"}
	urls := map[string]string{"ten-dead": f.url, "ten-slow": r.URLVia(slow.Addr())}
	var well []string
	for _, name := range queues {
		if urls[name] == "" {
			urls[name] = r.URL()
			well = append(well, "amqp:"+name)
		}
		sinks.queue(declareQueue(t, r, name, nil), urls[name])
	}
	for _, name := range topics {
		servers := k.Addr()
		if name == "ten-flaps" {
			servers = f.kafka
		} else {
			well = append(well, "kafka:"+name)
		}
		sinks.topic(createTopic(t, k, brokers.Topic{Name: name, Partitions: 3}), servers)
	}
	h := openHub(t, sinks.yaml())
	l := startLoad(t, h, o)
	for _, name := range well {
		l.settles(ctx, name)
	}
	set(t, proxies[amqpName], faultproxy.Faults{Blackhole: true})
	set(t, slow, faultproxy.Faults{Latency: 100 * time.Millisecond, BytesPerSecond: 20_000})
	lasts := 3 * time.Second
	if brokers.Full() {
		lasts = 2 * time.Minute // more would fill the backlog
	}
	flapping, stop := context.WithTimeout(ctx, lasts)
	defer stop()
	var watching sync.WaitGroup
	watching.Go(func() { flap(t, flapping, proxies[kafkaName]) })
	for _, name := range well {
		watching.Go(func() { l.keepsRate(name, lasts) })
	}
	watching.Wait()
	for _, p := range []*faultproxy.Proxy{proxies[kafkaName], proxies[amqpName], slow} {
		set(t, p, faultproxy.Faults{})
	}
	l.end()
	restored(t, ctx, h)
	for _, name := range queues {
		checkVerdict(t, onQueue(t, ctx, r, name, o), name, "ten-dead", "ten-slow")
	}
	for _, name := range topics {
		checkVerdict(t, onTopic(t, ctx, k, name, o), name, "ten-flaps")
	}
}

// flap has connections refused every other moment, until ctx ends.
func flap(t *testing.T, ctx context.Context, p *faultproxy.Proxy) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for refuse := true; ; refuse = !refuse {
		if err := p.Set(faultproxy.Faults{Refuse: refuse}); err != nil {
			t.Error(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// checkVerdict allows duplicates only to those in trouble.
func checkVerdict(t *testing.T, w *oracle.Witness, name string, troubled ...string) {
	t.Helper()
	allowed := 0
	for _, other := range troubled {
		if name == other {
			allowed = faultWindow * 20 * rounds(10)
		}
	}
	if err := w.Verdict().Err(allowed); err != nil {
		t.Error(err)
	}
}

// Reloads that add, change, remove and rename destinations, and files that are wrong, come one after the other under load:
// nothing is lost, and nothing comes twice.
func TestHubReloadUnderLoad(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute*time.Duration(rounds(10))), oracle.New("hub-reload")
	f := newFanOut(t, k, r, "hub-reload")
	plain := f.yaml()
	f.own = map[string]string{kafkaName: "batch: 7, window: 1", amqpName: "batch: 9, window: 3"}
	changed := f.yaml()
	extra := declareQueue(t, r, "hub-reload-extra", nil)
	more := plain + fmt.Sprintf("rabbitmq:\n  idem-*: {name: extra, routing_key: %s, connection: {url: %q}}\n", extra, r.URL())
	wrong := strings.Replace(plain, "routing_key", "routing_kee", 1)
	h := openHub(t, plain)
	l := startLoad(t, h, o)
	for i := range 20 * rounds(50) {
		l.settles(ctx, []string{kafkaName, amqpName}[i%2])
		if err := h.Reload(ctx, parseAcct(t, wrong)); err == nil {
			t.Error("a file with an unknown key is in force")
		}
		reload(t, ctx, h, []string{changed, more, plain}[i%3])
	}
	l.end()
	reload(t, ctx, h, plain)
	flush(t, ctx, h)
	f.verify(t, ctx, k, r, o, 0)
	w := onQueue(t, ctx, r, extra, o)
	if v := w.Verdict(); v.Deliveries == 0 || len(v.Duplicates)+len(v.Inversions)+len(v.Corrupt)+len(v.Spurious) > 0 {
		t.Errorf("the destination that came and went: %d deliveries, %v", v.Deliveries, v.Err(0))
	}
}
