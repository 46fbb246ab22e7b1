package integration

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// ten are the destinations of one acct file: of each kind of broker one that is reached directly and one through a proxy,
// a file, and a queue in this process.
type ten struct {
	kafka  *brokers.Kafka
	rabbit *brokers.RabbitMQ
	far    far
	amqp   *faultproxy.Proxy
	file   string
}

// The names of the ten.
const (
	kafkaDirect, kafkaProxied = "kafka:direct", "kafka:proxied"
	amqpDirect, amqpProxied   = "amqp:direct", "amqp:proxied"
	natsDirect, natsProxied   = "nats:direct", "nats:proxied"
	httpDirect, httpProxied   = "http:direct", "http:proxied"
	fileOfTen, queueOfTen     = "file:file", "memory:queue"
)

var allTen = []string{
	kafkaDirect, kafkaProxied, amqpDirect, amqpProxied, natsDirect, natsProxied, httpDirect, httpProxied, fileOfTen, queueOfTen,
}

func startTen(t *testing.T, ctx context.Context) ten {
	t.Helper()
	d := ten{kafka: pool.OwnKafka(t), rabbit: pool.OwnRabbitMQ(t), far: startFar(t, ctx), file: filepath.Join(t.TempDir(), "events")}
	for _, name := range []string{"ten-direct", "ten-proxied"} {
		createTopic(t, d.kafka, brokers.Topic{Name: name, Partitions: 3})
		declareQueue(t, d.rabbit, name, nil)
	}
	var err error
	if d.amqp, err = faultproxy.New(d.rabbit.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.amqp.Close()
		set(t, d.kafka.Nodes[0].Proxy, faultproxy.Faults{}) // others use it too
	})
	return d
}

func (d ten) yaml() string {
	const delivery = "delivery: {backlog: 256MiB, batch: 50, window: 2, timeout: 2s, retry: {min: 20ms, max: 1s}}"
	text := "kafka:\n"
	entry := func(name, format string, args ...any) {
		text += fmt.Sprintf("- \"*\": {name: %s, %s, %s}\n", name, fmt.Sprintf(format, args...), delivery)
	}
	entry("direct", "topics: [ten-direct], connection: {bootstrap_servers: %q}", d.kafka.Addr())
	entry("proxied", "topics: [ten-proxied], connection: {bootstrap_servers: %q}", d.kafka.Nodes[0].Proxied)
	text += "amqp:\n"
	entry("direct", "routing_key: ten-direct, connection: {url: %q}", d.rabbit.URL())
	entry("proxied", "routing_key: ten-proxied, connection: {url: %q}", d.rabbit.URLVia(d.amqp.Addr()))
	text += "nats:\n"
	entry("direct", "servers: %q, subject: events.direct", "nats://"+d.far.nats.addr)
	entry("proxied", "servers: %q, subject: events.proxied", "nats://"+d.far.nats.Addr())
	text += "http:\n"
	entry("direct", "url: \"http://%s/direct\"", d.far.http.addr)
	entry("proxied", "url: \"http://%s/proxied\"", d.far.http.Addr())
	text += "file:\n"
	entry("file", "path: %q, fsync: never", d.file)
	text += "internal:\n"
	entry("queue", "routing_key: ten")
	return text
}

// turn is a time in which some of the ten are in trouble.
type turn struct {
	name  string
	lasts time.Duration
	bad   []string
	// dead is one that delivers nothing meanwhile.
	dead  string
	begin func() error
	end   func() error
	// flap, if any, has its proxy refuse for a second and pass for a second in turns.
	flap *faultproxy.Proxy
}

var drip = faultproxy.Faults{Latency: 100 * time.Millisecond, Jitter: 100 * time.Millisecond, BytesPerSecond: 20_000, Chunk: 10}

func (d ten) turns() []turn {
	dead := faultproxy.Faults{Blackhole: true}
	kafkaProxy, natsProxy, httpProxy := d.kafka.Nodes[0].Proxy, d.far.nats.Proxy, d.far.http.Proxy
	steps := func(steps ...func() error) func() error {
		return func() error {
			for _, step := range steps {
				if err := step(); err != nil {
					return err
				}
			}
			return nil
		}
	}
	faults := func(p *faultproxy.Proxy, f faultproxy.Faults) func() error { return func() error { return p.Set(f) } }
	none := faultproxy.Faults{}
	return []turn{
		{ // T29, T32, T33
			name: "RabbitMQ frozen, Kafka in a blackhole, NATS flapping, HTTP slow", lasts: form(4*time.Second, 600*time.Second),
			bad: []string{amqpDirect, amqpProxied, kafkaProxied, natsProxied, httpProxied}, dead: amqpDirect,
			begin: steps(d.rabbit.Stop, faults(kafkaProxy, dead), faults(httpProxy, drip)),
			end:   steps(d.rabbit.Cont, faults(kafkaProxy, none), faults(httpProxy, none)), flap: natsProxy,
		},
		{
			name: "Kafka frozen, NATS in a blackhole, AMQP flapping, HTTP slow", lasts: form(4*time.Second, time.Minute),
			bad: []string{kafkaDirect, kafkaProxied, natsProxied, amqpProxied, httpProxied}, dead: kafkaDirect,
			begin: steps(d.kafka.Nodes[0].Stop, faults(natsProxy, dead), faults(httpProxy, drip)),
			end:   steps(d.kafka.Nodes[0].Cont, faults(natsProxy, none), faults(httpProxy, none)), flap: d.amqp,
		},
		{
			name: "HTTP in a blackhole, Kafka flapping, AMQP slow", lasts: form(4*time.Second, time.Minute),
			bad: []string{kafkaProxied, amqpProxied, httpProxied}, dead: httpProxied,
			begin: steps(faults(httpProxy, dead), faults(d.amqp, drip)),
			end:   steps(faults(httpProxy, none), faults(d.amqp, none)), flap: kafkaProxy,
		},
	}
}

// T49, with T29, T32 and T33: of ten destinations one is dead, one slow and one flapping; the others notice nothing, and
// when it is over all ten have everything.
func TestFaultTenDestinations(t *testing.T) {
	ctx, o := within(t, form(3*time.Minute, 20*time.Minute)), oracle.New("ten")
	d := startTen(t, ctx)
	withoutHub := openFiles(t)
	m := newLagMeter()
	h := openHub(t, d.yaml(), hub.WithHooks(m.hooks()))
	m.drive(t, ctx, h, o, time.Second)
	flush(t, ctx, h)
	steady := m.drive(t, ctx, h, o, form(2*time.Second, 10*time.Second))
	for _, turn := range d.turns() {
		d.suffer(t, ctx, h, o, m, turn, steady)
	}
	flush(t, ctx, h)
	d.verify(t, ctx, h, o)
	if files := openFiles(t); files > withoutHub+3*len(allTen) {
		t.Errorf("%d files are open, %d were without the hub", files, withoutHub)
	}
}

// suffer runs one turn and checks it.
func (d ten) suffer(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle, m *lagMeter, turn turn, steady lags) {
	t.Helper()
	dials := map[string]int64{}
	for _, name := range allTen {
		dials[name] = stats(t, h, name).Dials
	}
	if err := turn.begin(); err != nil {
		t.Fatal(err)
	}
	flapping, calm := context.WithTimeout(ctx, turn.lasts)
	defer calm()
	var flapper sync.WaitGroup
	flapper.Go(func() { flapFor(t, flapping, turn.flap, form(300*time.Millisecond, time.Second)) })
	before := stats(t, h, turn.dead).Delivered
	trouble := m.drive(t, ctx, h, o, turn.lasts)
	flapper.Wait()
	if s := stats(t, h, turn.dead); s.Delivered > before+100 {
		t.Errorf("%s: void: %s has delivered %d", turn.name, turn.dead, s.Delivered-before)
	}
	if err := turn.end(); err != nil {
		t.Fatal(err)
	}
	back := m.comeBack(t, ctx, h, turn.bad)
	t.Logf("proof: %s for %v; all deliver again after %v", turn.name, turn.lasts, back.Round(time.Millisecond))
	if back > 30*time.Second {
		t.Errorf("%s: they take %v to come back", turn.name, back)
	}
	flush(t, ctx, h)
	trouble.compare(t, steady, turn.bad)
	for _, name := range turn.bad {
		if made, most := stats(t, h, name).Dials-dials[name], int64(turn.lasts/(200*time.Millisecond))+20; made > most {
			t.Errorf("%s: %s is dialled %d times, want %d at most", turn.name, name, made, most)
		}
	}
}

// flapFor has a proxy refuse and pass in turns until ctx ends; then it passes.
func flapFor(t *testing.T, ctx context.Context, p *faultproxy.Proxy, each time.Duration) {
	for down := true; ctx.Err() == nil; down = !down {
		if err := p.Set(faultproxy.Faults{Refuse: down}); err != nil {
			t.Error(err)
		}
		pause(ctx, each)
	}
	if err := p.Set(faultproxy.Faults{}); err != nil {
		t.Error(err)
	}
}

// verify fails the test unless all ten have everything in order, with no more duplicates than the hub says there may be.
func (d ten) verify(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle) {
	t.Helper()
	uncertain := func(name string) int {
		s := stats(t, h, name)
		const window = 2 * 50
		if s.Uncertain > window*s.Dials {
			t.Errorf("%s: %d uncertain in %d sessions", name, s.Uncertain, s.Dials)
		}
		return int(s.Uncertain)
	}
	judge(t, onTopic(t, ctx, d.kafka, "ten-direct", o), uncertain(kafkaDirect))
	judge(t, onTopic(t, ctx, d.kafka, "ten-proxied", o), uncertain(kafkaProxied))
	judge(t, onQueue(t, ctx, d.rabbit, "ten-direct", o), uncertain(amqpDirect))
	judge(t, onQueue(t, ctx, d.rabbit, "ten-proxied", o), uncertain(amqpProxied))
	judge(t, onStream(t, ctx, d.far.nats, "events.direct", o), 0)
	judge(t, onStream(t, ctx, d.far.nats, "events.proxied", o), 0)
	judge(t, onEndpoint(t, d.far.http, "direct", o), uncertain(httpDirect))
	judge(t, onEndpoint(t, d.far.http, "proxied", o), uncertain(httpProxied))
	judge(t, onFile(t, "file", d.file, o), 0)
}
