// Package brokers gives tests a real Apache Kafka and a real RabbitMQ.
//
// They are started natively, on free loopback ports and in temporary folders, from what the install scripts of this
// module put in place. EVHUB_KAFKA ("host:port") and EVHUB_AMQP (a URL) name running ones to use instead;
// where neither is possible and a container engine runs, docker compose starts them. What was started here ends with
// the test, however that ends.
//
// EVHUB_BROKERS says what a missing broker means: "required" fails the test, "off" skips it without trying,
// and unset or empty skips it when all ways have failed, with the reason.
package brokers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Pool holds the brokers that the tests of a package share; each is started when it is first asked for. The
// zero value is ready. Close it at the end of TestMain.
type Pool struct {
	kafka    shared[*Kafka]
	three    shared[*Kafka]
	rabbitmq shared[*RabbitMQ]
}

// shared is started once; then all get the same broker or the same error.
type shared[B interface{ Close() error }] struct {
	once   sync.Once
	broker B
	err    error
	ran    bool
}

func (s *shared[B]) get(start func() (B, error)) (B, error) {
	s.once.Do(func() {
		s.broker, s.err = start()
		s.ran = s.err == nil
	})
	return s.broker, s.err
}

func (s *shared[B]) close() error {
	if !s.ran {
		return nil
	}
	return s.broker.Close()
}

// Kafka returns a cluster of one node.
func (p *Pool) Kafka(t testing.TB) *Kafka {
	t.Helper()
	policy(t)
	k, err := p.kafka.get(func() (*Kafka, error) { return anyKafka(context.Background()) })
	demand(t, err)
	return k
}

// OwnKafka is Kafka, for a test that kills nodes or puts a proxy before them.
func (p *Pool) OwnKafka(t testing.TB) *Kafka {
	t.Helper()
	k := p.Kafka(t)
	if !k.Owned() {
		demand(t, errors.New("the test controls the broker, which must be one that it has started"))
	}
	return k
}

// Kafka3 returns a cluster of three nodes. It is always one started here.
func (p *Pool) Kafka3(t testing.TB) *Kafka {
	t.Helper()
	policy(t)
	k, err := p.three.get(func() (*Kafka, error) {
		return StartKafka(context.Background(), KafkaOptions{Nodes: 3})
	})
	demand(t, err)
	return k
}

// RabbitMQ returns a server.
func (p *Pool) RabbitMQ(t testing.TB) *RabbitMQ {
	t.Helper()
	policy(t)
	r, err := p.rabbitmq.get(func() (*RabbitMQ, error) { return anyRabbitMQ(context.Background()) })
	demand(t, err)
	return r
}

// OwnRabbitMQ is RabbitMQ, for a test that kills or controls the server.
func (p *Pool) OwnRabbitMQ(t testing.TB) *RabbitMQ {
	t.Helper()
	r := p.RabbitMQ(t)
	if !r.Owned() {
		demand(t, errors.New("the test controls the broker, which must be one that it has started"))
	}
	return r
}

// Close ends every broker that the pool has started.
func (p *Pool) Close() error {
	return errors.Join(p.kafka.close(), p.three.close(), p.rabbitmq.close())
}

// policy skips the test if no brokers are wanted.
func policy(t testing.TB) {
	t.Helper()
	switch v := os.Getenv("EVHUB_BROKERS"); v {
	case "", "required":
	case "off":
		t.Skip("EVHUB_BROKERS=off")
	default:
		t.Fatalf("EVHUB_BROKERS=%s: want required, off or nothing", v)
	}
}

// demand fails or skips the test, as the policy says, if a broker could not be had.
func demand(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("EVHUB_BROKERS") == "required":
		t.Fatalf("EVHUB_BROKERS=required: %v", err)
	default:
		t.Skipf("no broker: %v", err)
	}
}

// anyKafka is the one of the environment, else a native one, else one from docker compose.
func anyKafka(ctx context.Context) (*Kafka, error) {
	if addr := os.Getenv("EVHUB_KAFKA"); addr != "" {
		k := &Kafka{addr: addr}
		return k, awaitReady(ctx, func(ctx context.Context) error { return checkKafka(ctx, addr, 1) })
	}
	k, err := StartKafka(ctx, KafkaOptions{})
	if err == nil {
		return k, nil
	}
	addr, composeErr := composeUp(ctx, "kafka", "9092")
	if composeErr != nil {
		return nil, fmt.Errorf("%w; nor by docker compose: %w", err, composeErr)
	}
	return &Kafka{addr: addr}, nil
}

// anyRabbitMQ is the one of the environment, else a native one, else one from docker compose.
func anyRabbitMQ(ctx context.Context) (*RabbitMQ, error) {
	if url := os.Getenv("EVHUB_AMQP"); url != "" {
		at, err := amqp.ParseURI(url)
		if err != nil {
			return nil, fmt.Errorf("EVHUB_AMQP: %w", err)
		}
		r := &RabbitMQ{url: url, addr: net.JoinHostPort(at.Host, strconv.Itoa(at.Port))}
		return r, awaitReady(ctx, func(context.Context) error { return checkAMQP(url) })
	}
	r, err := StartRabbitMQ(ctx)
	if err == nil {
		return r, nil
	}
	addr, composeErr := composeUp(ctx, "rabbitmq", "5672")
	if composeErr != nil {
		return nil, fmt.Errorf("%w; nor by docker compose: %w", err, composeErr)
	}
	return &RabbitMQ{addr: addr, url: "amqp://guest:guest@" + addr + "/"}, nil
}
