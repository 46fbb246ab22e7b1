package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rabbit "github.com/rabbitmq/amqp091-go"
	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// The files in testdata/idem were captured from pop-evbus 7.0.1: acct files, the events that were put, and what came out at
// the brokers.

// kafkaRecord is what Idem decides about a record. It sends no headers; ours are in addition.
type kafkaRecord struct {
	Topic     string
	Partition int
	Key       *string
	Value     string
}

// amqpMessage is what Idem decides about a message. Properties differ: evhub's are persistent, with the event's id.
type amqpMessage struct {
	Queue, Exchange string
	RoutingKey      string `json:"routing_key"`
	Body            string
}

// arrival is what has come out at the brokers.
type arrival struct {
	records  []kafkaRecord
	messages []amqpMessage
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "idem", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// fixtureLines reads JSON Lines. No name: none.
func fixtureLines[T any](t *testing.T, name string) (values []T) {
	t.Helper()
	if name == "" {
		return nil
	}
	lines := bufio.NewScanner(bytes.NewReader(fixture(t, name)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		values = append(values, v)
	}
	return values
}

// idemAcct is an acct file of the fixtures with the addresses and logins of these brokers.
func idemAcct(t *testing.T, k *brokers.Kafka, r *brokers.RabbitMQ, name string) string {
	t.Helper()
	at, err := rabbit.ParseURI(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		"127.0.0.1:19092", k.Addr(),
		"amqp://guest:guest@127.0.0.1:15673/%2f", r.URL(),
		"{host: 127.0.0.1, port: 15673, login: guest, password: guest}",
		fmt.Sprintf("{host: %s, port: %d, login: %s, password: %q}", at.Host, at.Port, at.Username, at.Password),
	).Replace(string(fixture(t, name)))
}

// arrives sets up the topics, queues and exchange that the fixtures name, has the events of a file put by an acct file, and
// returns what has come out.
func arrives(t *testing.T, k *brokers.Kafka, r *brokers.RabbitMQ, publish func(ctx context.Context)) (a arrival) {
	t.Helper()
	ctx := within(t, time.Minute)
	topics := []brokers.Topic{{Name: "evt-one", Partitions: 3}, {Name: "evt-two", Partitions: 3}, {Name: "evt-nokey"}, {Name: "evt-list"}, {Name: "cap-c1"}}
	for _, topic := range topics {
		createTopic(t, k, topic)
	}
	queues := []string{"evt-status", "evt-all"}
	for _, queue := range queues {
		declareQueue(t, r, queue, nil)
	}
	err := r.Do(func(ch *rabbit.Channel) error {
		return errors.Join(ch.ExchangeDeclare("evt-topic", "topic", true, false, false, false, nil), ch.QueueBind("evt-all", "#", "evt-topic", false, nil))
	})
	if err != nil {
		t.Fatal(err)
	}
	publish(ctx)
	for _, topic := range topics {
		err = errors.Join(err, oracle.ReadTopic(ctx, k.Addr(), topic.Name, func(m kafka.Message) { a.records = append(a.records, recordOf(m)) }))
	}
	for _, queue := range queues {
		err = errors.Join(err, oracle.DrainQueue(ctx, r.URL(), queue, func(d rabbit.Delivery) {
			a.messages = append(a.messages, amqpMessage{queue, d.Exchange, d.RoutingKey, string(d.Body)})
		}))
	}
	if err != nil {
		t.Fatal(err)
	}
	a.sort()
	return a
}

func recordOf(m kafka.Message) kafkaRecord {
	r := kafkaRecord{Topic: m.Topic, Partition: m.Partition, Value: string(m.Value)}
	if m.Key != nil {
		key := string(m.Key)
		r.Key = &key
	}
	return r
}

// sort leaves in place what has an order: the records of one entry of the acct file, which differ in key or topic, and the
// messages of one queue.
func (a *arrival) sort() {
	slices.SortStableFunc(a.records, func(x, y kafkaRecord) int { return strings.Compare(x.place(), y.place()) })
	slices.SortStableFunc(a.messages, func(x, y amqpMessage) int { return strings.Compare(x.Queue, y.Queue) })
}

func (r kafkaRecord) place() string {
	key := "null"
	if r.Key != nil {
		key = fmt.Sprintf("%q", *r.Key)
	}
	return fmt.Sprint(r.Topic, " ", key)
}

func sameArrival(t *testing.T, want, got arrival) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(arrival{})); diff != "" {
		t.Errorf("what came (+) is not what Idem sends (-):\n%s", diff)
	}
}

// putLines puts events as pop-evbus does, bare.
func putLines(t *testing.T, ctx context.Context, acctText string, events []eventLine) {
	t.Helper()
	h := openHub(t, acctText, hub.WithFormat("raw"))
	for _, e := range events {
		if err := h.Put(ctx, hub.Event{Profile: e.Profile, Body: e.Body}); err != nil {
			t.Fatal(err)
		}
	}
	flush(t, ctx, h)
	if letters := deadLetters(t, h); len(letters) > 0 {
		t.Errorf("dead letters: %+v", letters)
	}
}

type eventLine struct {
	Profile string
	Body    json.RawMessage
}

// idemCases are the acct files with the events that were put and what came of them.
var idemCases = []struct{ form, acct, events, kafka, rabbitmq string }{
	{"dict", "acct-dict.yaml", "put.jsonl", "kafka.jsonl", "rabbitmq.jsonl"},
	{"list", "acct-list.yaml", "put-list.jsonl", "kafka-list.jsonl", ""},
}

func TestHubSendsWhatIdemSends(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	for _, c := range idemCases {
		t.Run(c.form, func(t *testing.T) {
			want := arrival{fixtureLines[kafkaRecord](t, c.kafka), fixtureLines[amqpMessage](t, c.rabbitmq)}
			want.sort()
			sameArrival(t, want, arrives(t, k, r, func(ctx context.Context) {
				putLines(t, ctx, idemAcct(t, k, r, c.acct), fixtureLines[eventLine](t, c.events))
			}))
		})
	}
}

// pop-evbus ignores match_plugin, so this is what Idem documents.
func TestHubRegexAsIdemDocumentsIt(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	var want arrival
	for _, w := range [][2]string{{"regexkey", `"idem-status"`}, {"regexkey", `"idem-.*"`}, {"regexkey", `"idem--"`}, {"globkey", `"idem--"`}} {
		want.records = append(want.records, kafkaRecord{Topic: "cap-c1", Key: &w[0], Value: w[1]})
	}
	want.sort()
	var events []eventLine
	for _, profile := range []string{"idem-status", "idem-.*", "idem--", "IDEM-status", "xidem-status"} {
		events = append(events, eventLine{profile, json.RawMessage(`"` + profile + `"`)})
	}
	sameArrival(t, want, arrives(t, k, r, func(ctx context.Context) {
		putLines(t, ctx, idemAcct(t, k, r, "acct-regex.yaml"), events)
	}))
}

// All events of a run of idem, byte for byte in Idem's envelope, on both brokers.
func TestHubSendsARunOfIdem(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx := within(t, time.Minute)
	f := fanOut{
		kafka: k.Addr(), topic: createTopic(t, k, brokers.Topic{Name: "hub-run"}),
		url: r.URL(), queue: declareQueue(t, r, "hub-run", nil), delivery: "order: key",
	}
	h := openHub(t, f.yaml())
	var want []string
	for _, e := range fixtureLines[struct{ Profile, Body string }](t, "run.jsonl") {
		err := h.Put(ctx, unwrapped(t, e.Profile, e.Body))
		if !json.Valid([]byte(e.Body)) { // NaN, which Python writes
			if !errors.Is(err, hub.ErrEncode) {
				t.Errorf("%s that is not JSON: %v", e.Profile, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, e.Body)
	}
	flush(t, ctx, h)
	var onKafka, onRabbitMQ []string
	err := errors.Join(
		oracle.ReadTopic(ctx, k.Addr(), f.topic, func(m kafka.Message) { onKafka = append(onKafka, string(m.Value)) }),
		oracle.DrainQueue(ctx, r.URL(), f.queue, func(d rabbit.Delivery) { onRabbitMQ = append(onRabbitMQ, string(d.Body)) }),
	)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 40 {
		t.Errorf("void: only %d events", len(want))
	}
	for broker, got := range map[string][]string{"Kafka": onKafka, "RabbitMQ": onRabbitMQ} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s has (+), Idem sends (-):\n%s", broker, diff)
		}
	}
}

// unwrapped is the event that Idem sends as this body: {"tags": ..., "message": ..., "run_name": ...}.
func unwrapped(t *testing.T, profile, body string) hub.Event {
	t.Helper()
	tags, rest, ok1 := strings.Cut(strings.TrimPrefix(body, `{"tags": `), `, "message": `)
	i := strings.LastIndex(rest, `, "run_name": "nightly"}`)
	if !ok1 || i < 0 {
		t.Fatalf("%s is no envelope", body)
	}
	return hub.Event{Profile: profile, Tags: json.RawMessage(tags), Body: json.RawMessage(rest[:i]), RunName: "nightly"}
}
