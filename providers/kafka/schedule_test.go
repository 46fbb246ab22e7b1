package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
)

// TestRandomFaults plays short histories of random faults against a destination that goes from session to session as
// the engine does. Whatever happens, what is reported is so: see history.judge.
func TestRandomFaults(t *testing.T) {
	histories := 60
	if os.Getenv("EVHUB_PROOF") != "" {
		histories = 4000
	}
	first := rand.Uint64N(1 << 32)
	if text := os.Getenv("EVHUB_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("EVHUB_SEED: %v", err)
		}
		first, histories = n, 1
	}
	sum := make(chan figures, histories)
	t.Run("histories", func(t *testing.T) {
		for seed := first; seed < first+uint64(histories); seed++ {
			t.Run(fmt.Sprintf("EVHUB_SEED=%d", seed), func(t *testing.T) {
				t.Parallel()
				h := newHistory(t, seed)
				h.play()
				h.judge()
				sum <- h.figures
			})
		}
	})
	close(sum)
	var all figures
	for f := range sum {
		all.sessions += f.sessions
		all.unknown += f.unknown
		all.copies += f.copies
		all.refused += f.refused
	}
	t.Logf("%d histories: %d sessions, %d unknown outcomes, %d second copies, %d refused",
		histories, all.sessions, all.unknown, all.copies, all.refused)
}

// figures are what a history came to.
type figures struct{ sessions, unknown, copies, refused int }

// history is one run of a destination among faults. Messages are counted from 0, and their bodies are their numbers.
type history struct {
	figures
	t       *testing.T
	mishaps *mishaps
	cluster *brokertest.Cluster
	dial    providers.Dial
	keys    int
	ms      []providers.Message
	// unknowns counts the unknown outcomes of each message, ends holds its last outcome.
	unknowns []int
	ends     []error
}

const partitions = 2

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{t: t, mishaps: newMishaps(seed)}
	draw := h.mishaps.draw
	h.cluster = brokertest.New(t, 1+draw(3))
	h.cluster.Create("events", partitions)
	h.cluster.Script = h.mishaps.reply
	h.cluster.Wrap(h.mishaps.wrap)
	codec := []string{"none", "none", "gzip", "zstd"}[draw(4)]
	h.dial = dialerWithin(t, h.cluster, 200*time.Millisecond, func(config *kafka.Config) {
		config.Connection.RetryBackoffMS = 1
		config.Connection.CompressionType = codec
	})
	h.keys = 1 + draw(4)
	h.ms = numbered(0, 39+draw(40))
	for i := range h.ms {
		h.ms[i].Key = strconv.Itoa(draw(h.keys))
	}
	h.unknowns, h.ends = make([]int, len(h.ms)), make([]error, len(h.ms))
	return h
}

// play delivers all messages, in as many sessions as it takes.
func (h *history) play() {
	left := h.ms
	for len(left) > 0 {
		s, err := h.dial(context.Background())
		if err != nil {
			h.mishaps.spend()
			continue
		}
		if h.sessions++; h.sessions > 300 {
			h.t.Fatalf("%d messages are left after %d sessions", len(left), h.sessions)
		}
		left = h.session(s, left)
		closeSession(h.t, s)
	}
}

// session sends messages with up to five flights in the air, until one fails, and returns what has to be sent again
// or was not sent yet, in order.
func (h *history) session(s providers.Session, ms []providers.Message) (left []providers.Message) {
	type sent struct {
		flight providers.Flight
		ms     []providers.Message
	}
	var air []sent
	failed := false
	for len(air) > 0 || len(ms) > 0 && !failed {
		for !failed && len(ms) > 0 && len(air) < 5 {
			n := min(h.mishaps.draw(9)+1, len(ms))
			air = append(air, sent{s.Send(context.Background(), ms[:n]), ms[:n]})
			ms = ms[n:]
			h.mishaps.strike(h.cluster)
		}
		err := wait(air[0].flight)
		for i, m := range air[0].ms {
			if h.settle(m, outcomeOf(err, i)) {
				left, failed = append(left, m), true
			}
		}
		air = air[1:]
	}
	return append(left, ms...)
}

func outcomeOf(err error, i int) error {
	if batch, ok := errors.AsType[*providers.BatchError](err); ok {
		return batch.Errs[i]
	}
	return err
}

// settle notes an outcome, and reports whether the message has to be sent again.
func (h *history) settle(m providers.Message, err error) bool {
	h.ends[m.Seq] = err
	switch {
	case err == nil:
	case providers.IsPermanent(err):
		h.refused++
	case providers.IsUnsent(err):
		return true
	default:
		h.unknowns[m.Seq]++
		h.unknown++
		return true
	}
	return false
}

// judge compares the log with what was reported: what was delivered is there, once and once more at most for each of
// its unknown outcomes; what was refused, or surely not sent, is not; the first copies of a key are in order.
func (h *history) judge() {
	copies := make([]int, len(h.ms))
	newest := make(map[string]int)
	for p := range partitions {
		for _, r := range h.cluster.Log("events", p) {
			n, _ := strconv.Atoi(r.Value)
			copies[n]++
			if before, ok := newest[string(r.Key)]; ok && copies[n] == 1 && n < before {
				h.t.Errorf("key %s: %d comes first after %d", r.Key, n, before)
			}
			newest[string(r.Key)] = max(newest[string(r.Key)], n)
		}
	}
	for n, c := range copies {
		least := 1
		if h.ends[n] != nil {
			least = 0
		}
		if c < least || c > least+h.unknowns[n] {
			h.t.Errorf("message %d: %d times in the log, with %d unknown outcomes, at last %v", n, c, h.unknowns[n], h.ends[n])
		}
		h.copies += max(c-1, 0)
	}
}

// mishaps draws what goes wrong, until it has spent all its faults.
type mishaps struct {
	mu     chan struct{} // held by who draws
	random *rand.Rand
	left   int
	slow   bool // the broker takes its time, so that more is in the air
	// Of so many messages one is refused by name, or is too large for the broker; 0: none.
	bad, large int
}

func newMishaps(seed uint64) *mishaps {
	random := rand.New(rand.NewPCG(seed, 0))
	f := &mishaps{mu: make(chan struct{}, 1), random: random, left: random.IntN(60), slow: random.IntN(2) == 0}
	if random.IntN(3) == 0 {
		f.bad = 5 + random.IntN(20)
	}
	if random.IntN(3) == 0 {
		f.large = 5 + random.IntN(20)
	}
	return f
}

func (f *mishaps) draw(n int) int {
	f.mu <- struct{}{}
	defer func() { <-f.mu }()
	return f.random.IntN(n)
}

// spend reports whether another fault may come, and counts it.
func (f *mishaps) spend() bool {
	f.mu <- struct{}{}
	defer func() { <-f.mu }()
	f.left--
	return f.left >= 0
}

// strike restarts the brokers or moves a leader now and then.
func (f *mishaps) strike(c *brokertest.Cluster) {
	switch f.draw(20) {
	case 0:
		if f.spend() {
			c.Restart()
		}
	case 1:
		if f.spend() {
			c.Lead("events", f.draw(partitions), int32(f.draw(len(c.Addresses()))))
		}
	}
}

// wrap cuts some connections after some bytes.
func (f *mishaps) wrap(conn net.Conn) net.Conn {
	cut := &cutConn{Conn: conn, in: 1 << 40, out: 1 << 40}
	switch f.draw(6) {
	case 0:
		if f.spend() {
			cut.in = f.draw(4000)
		}
	case 1:
		if f.spend() {
			cut.out = f.draw(800)
		}
	}
	return cut
}

// replies are answers that a broker can give, most of them as often as they stand here.
var replies = []brokertest.Reply{
	{Code: 2}, {Code: 3}, {Code: 3, Store: true}, {Code: 6}, {Code: 6, Store: true}, {Code: 7, Store: true}, {Code: 7, Store: true},
	{Code: 19}, {Code: 19}, {Code: 20, Store: true}, {Code: 56}, {Code: 56, Store: true}, {Code: -1}, {Code: -1, Store: true},
	{Code: 29}, {Code: 46, Store: true}, {Code: 47}, {Code: 59}, {Hangup: true}, {Hangup: true}, {Hangup: true, Code: 19},
	{Silent: true}, {Silent: true, Code: 19},
}

// reply refuses what the broker does not take, and draws a mishap for one batch in four. What is refused once is never
// stored.
func (f *mishaps) reply(b brokertest.Batch) (r brokertest.Reply) {
	for i, v := range b.Values {
		if r.Code == 10 {
			break
		}
		switch n, _ := strconv.Atoi(v); {
		case f.bad > 0 && n%f.bad == 1:
			r.Code, r.Refused = 87, append(r.Refused, int32(i))
		case f.large > 0 && n%f.large == 2:
			r = brokertest.Reply{Code: 10}
		}
	}
	if f.slow {
		gate := make(chan struct{})
		time.AfterFunc(time.Duration(f.draw(1000))*time.Microsecond, func() { close(gate) })
		defer func() { r.Wait = gate }()
	}
	if f.draw(4) == 0 && f.spend() {
		refused := r.Code != 0
		if r = replies[f.draw(len(replies))]; refused && (r.Store || r.Code == 0) {
			r.Code, r.Store = 19, false
		}
	}
	return r
}
