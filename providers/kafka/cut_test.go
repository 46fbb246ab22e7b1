package kafka_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
	"github.com/google/go-cmp/cmp"
)

// cutConn closes after a number of bytes in one direction.
type cutConn struct {
	net.Conn
	mu      sync.Mutex
	in, out int // bytes left
}

func (c *cutConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	left := c.in
	c.mu.Unlock()
	if left == 0 {
		c.Close()
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(p[:min(len(p), left)])
	c.mu.Lock()
	c.in -= n
	c.mu.Unlock()
	return n, err
}

func (c *cutConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	n := min(c.out, len(p))
	c.out -= n
	c.mu.Unlock()
	c.Conn.Write(p[:n])
	if n < len(p) {
		c.Close()
		return n, net.ErrClosed
	}
	return n, nil
}

// TestRandomCuts ends connections at random bytes in both directions, with five batches in the air on two brokers,
// and now and then the broker restarts or a leader moves. Nothing is lost, doubled or out of order.
func TestRandomCuts(t *testing.T) {
	const rounds, flightsEach, each = 40, 12, 7
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	c := brokertest.New(t, 2)
	c.Create("events", 3)
	c.Wrap(func(conn net.Conn) net.Conn {
		cut := &cutConn{Conn: conn, in: 1 << 40, out: 1 << 40}
		if draw(2) == 0 {
			cut.in = draw(12_000)
		} else {
			cut.out = draw(1_500)
		}
		return cut
	})
	dial := dialer(t, c, func(config *kafka.Config) { config.Connection.RetryBackoffMS = 1 })
	s, err := dial(context.Background())
	for err != nil {
		s, err = dial(context.Background())
	}
	defer func() { closeSession(t, s) }()
	for round := range rounds {
		var flights []providers.Flight
		for i := range flightsEach {
			first := (round*flightsEach + i) * each
			ms := numbered(first, first+each-1)
			for j := range ms {
				ms[j].Key = fmt.Sprint((first + j) % 5)
			}
			flights = append(flights, s.Send(context.Background(), ms))
		}
		switch draw(4) {
		case 0:
			c.Restart()
		case 1:
			c.Lead("events", draw(3), int32(draw(2)))
		}
		for i, f := range flights {
			if err := wait(f); err != nil {
				t.Fatalf("round %d, flight %d: %v", round, i, err)
			}
		}
	}
	var got []int
	last := make(map[string]int)
	for p := range 3 {
		for _, r := range c.Log("events", p) {
			var n int
			fmt.Sscan(r.Value, &n)
			if before, ok := last[string(r.Key)]; ok && n <= before {
				t.Errorf("key %s: %d after %d", r.Key, n, before)
			}
			last[string(r.Key)] = n
			got = append(got, n)
		}
	}
	if diff := cmp.Diff(rounds*flightsEach*each, len(got)); diff != "" {
		t.Error(diff)
	}
}
