package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"
	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// example builds an example and returns its program and a folder to run it in, which has its data.
func example(t *testing.T, ctx context.Context, name string) (program, dir string) {
	t.Helper()
	program, dir = filepath.Join(t.TempDir(), name), t.TempDir()
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./examples/"+name)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "examples", name))); err != nil {
		t.Fatal(err)
	}
	return program, dir
}

// exampleCommand is the command for a program of an example, with the addresses of the brokers.
func exampleCommand(t *testing.T, ctx context.Context, program, dir, kafka, url string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "EVHUB_KAFKA="+kafka, "EVHUB_KAFKA_2=", "EVHUB_AMQP="+url)
	cmd.Stderr = t.Output()
	return cmd
}

// asDocumented fails the test unless the README of the examples has this output, word for word.
func asDocumented(t *testing.T, out string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "examples", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```text\n"+out+"```\n") {
		t.Errorf("the README of the examples does not show:\n%s", out)
	}
}

func TestExampleManyBrokers(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx := within(t, time.Minute)
	topics := []string{"orders", "audit", "orders-copy"}
	for _, topic := range topics {
		createTopic(t, k, brokers.Topic{Name: topic})
	}
	declareQueue(t, r, "orders-created", nil)
	program, dir := example(t, ctx, "many-brokers")
	out, err := exampleCommand(t, ctx, program, dir, k.Addr(), r.URL()).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	asDocumented(t, strings.ReplaceAll(string(out), k.Addr(), "localhost:9092"))
	const body = `{"tags": {}, "message": {"number": 1, "total": 9.5}, "run_name": "cli"}`
	for _, topic := range topics {
		wantOne(t, topic, body, storedOnTopic(t, ctx, k, topic))
	}
	wantOne(t, "orders-created", body, storedOnQueue(t, ctx, r, "orders-created"))
}

func wantOne(t *testing.T, place, body string, got []stored) {
	t.Helper()
	if len(got) != 1 || got[0].id != "order-1" || string(got[0].body) != body {
		t.Errorf("%s has %s, want order-1 with %s", place, got, body)
	}
}

// stored is one message as a broker has it.
type stored struct {
	id   string
	body []byte
}

func storedOnTopic(t *testing.T, ctx context.Context, k *brokers.Kafka, topic string) (got []stored) {
	t.Helper()
	err := oracle.ReadTopic(ctx, k.Addr(), topic, func(m kafka.Message) {
		a := stored{body: m.Value}
		for _, h := range m.Headers {
			if h.Key == "message_uuid" {
				a.id = string(h.Value)
			}
		}
		got = append(got, a)
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func storedOnQueue(t *testing.T, ctx context.Context, r *brokers.RabbitMQ, queue string) (got []stored) {
	t.Helper()
	err := oracle.DrainQueue(ctx, r.URL(), queue, func(d rabbit.Delivery) {
		got = append(got, stored{d.MessageId, d.Body})
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The pipeline's table and the rows that it delivers between two positions.
const (
	pipelineRows  = 1000
	pipelineChunk = 100
)

func TestExamplePipelineKilledAndStartedAgain(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx := within(t, time.Minute)
	topic := createTopic(t, k, brokers.Topic{Name: "orders-imported", Partitions: 3})
	queue := declareQueue(t, r, "orders-imported", nil)
	program, dir := example(t, ctx, "pipeline")

	printed := killHalfWay(t, ctx, k, r, topic, program, dir)
	out, err := exampleCommand(t, ctx, program, dir, k.Addr(), r.URL()).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	asDocumented(t, printed+string(out)) // it goes on where it was
	onKafka := storedOnTopic(t, ctx, k, topic)
	if got := len(onKafka); got != pipelineRows+pipelineChunk { // the chunk of the kill had come, all of it
		t.Errorf("the topic has %d records, want %d", got, pipelineRows+pipelineChunk)
	}
	verifyRows(t, topic, onKafka)
	onRabbit := storedOnQueue(t, ctx, r, queue)
	if got := len(onRabbit); got > pipelineRows+pipelineChunk {
		t.Errorf("the queue has %d messages, want at most %d", got, pipelineRows+pipelineChunk)
	}
	verifyRows(t, queue, onRabbit)
}

// killHalfWay kills the pipeline when Kafka has a chunk that RabbitMQ has not confirmed, and returns what it had
// printed.
func killHalfWay(t *testing.T, ctx context.Context, k *brokers.Kafka, r *brokers.RabbitMQ, topic, program, dir string) (printed string) {
	t.Helper()
	proxy, err := faultproxy.New(r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	set(t, proxy, faultproxy.Faults{BytesPerSecond: 100_000}) // so that it does not end before it is caught
	cmd := exampleCommand(t, ctx, program, dir, k.Addr(), r.URLVia(proxy.Addr()))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for err == nil && !strings.HasSuffix(printed, "300 rows\n") {
		var line string
		line, err = lines.ReadString('\n')
		printed += line
	}
	set(t, proxy, faultproxy.Faults{Blackhole: true})
	position := 0
	eventually(t, ctx, "Kafka is one chunk ahead", func() bool {
		position = keptPosition(t, dir)
		return len(storedOnTopic(t, ctx, k, topic)) == position+pipelineChunk
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || position >= pipelineRows {
		t.Fatalf("not killed half-way but at %d rows: %v", position, err)
	}
	return printed + string(rest)
}

func keptPosition(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "orders.csv.position"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	position, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return position
}

// verifyRows fails the test unless every row is there under its own id, each customer's in the order of the table, and
// what came twice is the same.
func verifyRows(t *testing.T, place string, got []stored) {
	t.Helper()
	bodies, last := map[string][]byte{}, map[string]int{}
	for _, a := range got {
		if before, twice := bodies[a.id]; twice {
			if !bytes.Equal(a.body, before) {
				t.Errorf("%s has %s as %s and as %s", place, a.id, before, a.body)
			}
			continue
		}
		bodies[a.id] = a.body
		var event struct{ Message map[string]string }
		if err := json.Unmarshal(a.body, &event); err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(event.Message["number"])
		if row := number - 10_000; err != nil || a.id != fmt.Sprintf("orders:%d", row) {
			t.Errorf("%s has row %d as %s", place, row, a.id)
		}
		if customer := event.Message["customer"]; number < last[customer] {
			t.Errorf("%s has %d of %s behind %d", place, number, customer, last[customer])
		} else {
			last[customer] = number
		}
	}
	if len(bodies) != pipelineRows {
		t.Errorf("%s has %d different rows, want %d", place, len(bodies), pipelineRows)
	}
}
