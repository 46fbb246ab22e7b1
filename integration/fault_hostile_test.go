package integration

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	rabbit "github.com/rabbitmq/amqp091-go"
	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// hostile are texts that mean something to a protocol, a file system, a terminal or a log.
var hostile = []string{
	"a\r\nX-Evil: 1", "a\nlevel=ERROR msg=forged", "a\x00b", "../../../tmp/evil", "*", ">", "#", "a.*.b", "evil topic",
	"%0d%0aX-Evil:%201", "\x1b]0;evil\x07", "{evil}", "$JS.API.STREAM.DELETE.EVENTS", "amq.evil", strings.Repeat("x", 600), "\u2028\u202e",
}

// headers are the text headers that came with one message.
type headers map[string]string

// hostileSinks collects what arrives with each message at each destination.
type hostileSinks struct {
	mu   sync.Mutex
	seen map[string][]headers
}

func (s *hostileSinks) add(destination string, h headers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[destination] = append(s.seen[destination], h)
}

// S08: whatever a profile, a tag, a run name or a key holds, it ends up in the body as it is, in headers encoded, and nowhere
// else: no header, line of the log, file, topic, queue or subject is made by it.
func TestFaultHostileNames(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx, dir, log := within(t, time.Minute), t.TempDir(), &logLines{}
	f, d := newFanOut(t, k, r, "fault-hostile"), startFar(t, ctx)
	sinks := &hostileSinks{seen: map[string][]headers{}}
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		got := headers{"uri": q.RequestURI}
		for name := range q.Header {
			got[name] = q.Header.Get(name)
		}
		sinks.add("http", got)
	}))
	defer endpoint.Close()
	h := openHub(t, f.yaml()+fmt.Sprintf(`
nats: {"*": {name: stream, servers: %q, subject: events}}
http: {"*": {name: hook, url: "%s/in"}}
file: {"*": {name: file, path: %q, fsync: never}}
`, "nats://"+d.nats.addr, endpoint.URL, filepath.Join(dir, "events")), hub.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
	for _, text := range hostile {
		err := h.Put(ctx, hub.Event{Profile: text, RunName: text, Key: text, Tags: map[string]string{text: text}, Body: text})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	restored(t, ctx, h)
	collectHostile(t, ctx, k, r, f, d, sinks)
	for _, name := range []string{"kafka", "amqp", "nats", "http"} {
		checkHostile(t, name, sinks.seen[name])
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v", files, err)
	}
	log.check(t)
}

// collectHostile reads the headers that the brokers have.
func collectHostile(t *testing.T, ctx context.Context, k *brokers.Kafka, r *brokers.RabbitMQ, f fanOut, d far, sinks *hostileSinks) {
	t.Helper()
	err := oracle.ReadTopic(ctx, k.Addr(), f.topic, func(m kafka.Message) {
		got := headers{}
		for _, h := range m.Headers {
			got[h.Key] = string(h.Value)
		}
		sinks.add("kafka", got)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = oracle.DrainQueue(ctx, r.URL(), f.queue, func(m rabbit.Delivery) {
		got := headers{"message_id": m.MessageId, "type": m.Type, "app_id": m.AppId}
		for name, value := range m.Headers {
			got[name] = fmt.Sprint(value)
		}
		sinks.add("amqp", got)
	})
	if err != nil {
		t.Fatal(err)
	}
	withJetStream(t, d.nats, func(js jetstream.JetStream) error {
		s, err := js.Stream(ctx, "EVENTS")
		if err != nil {
			return err
		}
		for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
			m, err := s.GetMsg(ctx, seq)
			if err != nil {
				return err
			}
			got := headers{}
			for name := range m.Header {
				got[name] = m.Header.Get(name)
			}
			sinks.add("nats", got)
		}
		return nil
	})
}

// checkHostile fails the test unless each text has come once, and no header but those of every event.
func checkHostile(t *testing.T, name string, seen []headers) {
	t.Helper()
	if len(seen) != len(hostile) {
		t.Errorf("%s: %d messages, want %d", name, len(seen), len(hostile))
	}
	for _, got := range seen {
		for key, value := range got {
			if strings.Contains(strings.ToLower(key), "evil") || strings.ContainsAny(value, "\r\n\x00\x1b\x07") {
				t.Errorf("%s: header %q: %q", name, key, value)
			}
		}
		if uri := got["uri"]; uri != "" && uri != "/in" {
			t.Errorf("%s: the request goes to %s", name, uri)
		}
	}
}

// S08: where the profile names the topic, queue or subject, one that is no legal name is refused for good, for itself alone,
// and none is renamed.
func TestFaultHostileDestinations(t *testing.T) {
	k := pool.Kafka(t)
	ctx, log := within(t, time.Minute), &logLines{}
	d := startFar(t, ctx)
	topic := createTopic(t, k, brokers.Topic{Name: "events"})
	h := openHub(t, fmt.Sprintf(`
kafka: {"*": {name: log, connection: {bootstrap_servers: %q}, delivery: {timeout: 2s}}}
nats: {"*": {name: stream, servers: %q}}
`, k.Addr(), "nats://"+d.nats.addr), hub.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
	before := topics(t, ctx, k)
	illegal := []string{"a\r\nb", "a\x00b", "../../x", "*", ">", "a b", "events.>", "\x1b[31m", "..", "a/../b", strings.Repeat("x", 600) + "\n"}
	for _, profile := range append(illegal, topic) {
		if err := h.Put(ctx, hub.Event{Profile: profile, Body: 1}); err != nil {
			t.Fatalf("%q: %v", profile, err)
		}
	}
	for _, name := range []string{kafkaName, natsName} {
		eventually(t, ctx, name+" settles all", func() bool {
			s := stats(t, h, name)
			return s.Delivered == 1 && int(s.Refused) == len(illegal)
		})
	}
	for _, l := range deadLetters(t, h) {
		if strings.ContainsAny(l.Reason, "\r\n\x00\x1b") {
			t.Errorf("the reason breaks its line: %q", l.Reason)
		}
	}
	if after := topics(t, ctx, k); after != before {
		t.Errorf("%d topics, there were %d", after, before)
	}
	log.check(t)
}

func topics(t *testing.T, ctx context.Context, k *brokers.Kafka) int {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(strings.Split(k.Addr(), ",")...), Transport: transport}
	m, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return len(m.Topics)
}

// logLines collects a log.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// check fails the test if a line was not written by the logger, or a character could control a terminal.
func (l *logLines) check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\r\x00\x1b\x07\u202e") {
			t.Errorf("line of the log: %q", line)
		}
	}
}
