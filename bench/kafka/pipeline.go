// Package kafka publishes to one topic of a Kafka with clients of different make.
package kafka

import (
	"bufio"
	"context"
	"net"
	"time"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/load"
)

const (
	// inFlight is how many requests the pipelines have in the air.
	inFlight = 5
	// batchSize is how many events are in one of their requests.
	batchSize = 1000
	// clientID is what they call themselves.
	clientID = "evhub-bench"
	// ackTimeout is how long the broker may wait for replicas.
	ackTimeout = 30 * time.Second
)

// wire speaks the Produce request on a connection.
type wire interface {
	// write sends one batch of bodies to a partition.
	write(conn net.Conn, serial int32, partition int, bodies [][]byte) error
	// read takes the answer to the oldest request that has none.
	read(r *bufio.Reader) error
}

// pipeline publishes with several requests in the air on one connection, which keeps their order.
type pipeline struct {
	wire
	conn       net.Conn
	reader     *bufio.Reader
	partitions int
	serial     int32
	bodies     [][]byte
}

func newPipeline(ctx context.Context, t harness.Task, w wire) (harness.Publisher, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return nil, err
	}
	p := &pipeline{wire: w, conn: conn, reader: bufio.NewReader(conn), partitions: t.Partitions}
	bodies := load.Bodies(t.Body)
	for i := range batchSize {
		p.bodies = append(p.bodies, bodies[i%len(bodies)])
	}
	return p, nil
}

// Publish implements harness.Publisher.
func (p *pipeline) Publish(ctx context.Context, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { p.conn.SetDeadline(time.Unix(1, 0)) })()
	places, done := make(chan struct{}, inFlight), make(chan struct{})
	go func() {
		defer close(done)
		for range (n + batchSize - 1) / batchSize {
			if err := p.read(p.reader); err != nil {
				cancel(err)
				return
			}
			<-places
		}
	}()
	if err := p.writeAll(ctx, n, places); err != nil {
		cancel(err)
	}
	<-done
	return context.Cause(ctx)
}

func (p *pipeline) writeAll(ctx context.Context, n int, places chan<- struct{}) error {
	for ; n > 0; n -= batchSize {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		p.serial++
		if err := p.write(p.conn, p.serial, int(p.serial)%p.partitions, p.bodies[:min(n, batchSize)]); err != nil {
			return err
		}
	}
	return nil
}

// Close implements harness.Publisher.
func (p *pipeline) Close(context.Context) error { return p.conn.Close() }
