package integration

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// What the faults of the brokers are to Kafka and AMQP, these tests are to NATS and HTTP.

const farDelivery = "batch: 50, window: 2, retry: {min: 5ms, max: 100ms}"

// farRate is how many events are put per second: few enough for an endpoint that gets one after the other.
const farRate = 100

// underFarFaults has round called so many times while events are put, and waits after each until both destinations deliver
// again. It fails the test if one takes longer than 30 s, and returns when everything is delivered.
func underFarFaults(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle, times int, round func(int)) {
	t.Helper()
	l := startLoadAt(t, h, o, farRate)
	deliver := func() {
		for _, name := range []string{natsName, httpName} {
			before := stats(t, h, name).Delivered
			eventually(t, ctx, name+" delivers", func() bool { return stats(t, h, name).Delivered > before+5 })
		}
	}
	deliver()
	var slowest time.Duration
	for i := range times {
		round(i)
		mended := time.Now()
		deliver()
		slowest = max(slowest, time.Since(mended))
	}
	l.end()
	flush(t, ctx, h)
	t.Logf("proof: %d rounds, back within %v, %s", times, slowest.Round(time.Millisecond), describe(h))
	if slowest > 30*time.Second {
		t.Errorf("they take %v to come back", slowest)
	}
}

// T28: both are killed and started again under load.
func TestFaultKill9OfNATSAndHTTP(t *testing.T) {
	ctx, o := within(t, form(time.Minute, 10*time.Minute)), oracle.New("far-kill9")
	f := startFar(t, ctx)
	h := openHub(t, f.yaml(farDelivery+", timeout: 1s"))
	kills := form(3, 100)
	underFarFaults(t, ctx, h, o, kills, func(int) {
		for _, c := range f.children() {
			c.kill()
			if err := c.start(ctx); err != nil {
				t.Fatal(err)
			}
		}
	})
	f.verify(t, ctx, o, kills)
}

// T31: connections end at a random byte of log-in, message or answer.
func TestFaultCutsOfNATSAndHTTP(t *testing.T) {
	ctx, o := within(t, form(time.Minute, 10*time.Minute)), oracle.New("far-cuts")
	f := startFar(t, ctx)
	h := openHub(t, f.yaml(farDelivery+", timeout: 1s"))
	random, cuts := random(t, 0), form(20, 1000)
	underFarFaults(t, ctx, h, o, 2, func(round int) {
		for _, c := range f.children() {
			set(t, c.Proxy, faultproxy.Faults{CutWithin: 2_000, Seed: random.Uint64(), Reset: round == 0, Times: cuts / 2})
		}
		for _, c := range f.children() {
			eventually(t, ctx, "the cuts", func() bool { return c.Stats().Cuts >= (round+1)*cuts/2 })
		}
	})
	f.verify(t, ctx, o, cuts)
}

// T30, T32, T33: answers are lost, the network swallows everything, the servers come and go. T34: the network is slow.
func TestFaultNetworkOfNATSAndHTTP(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults faultproxy.Faults
		lasts  time.Duration
		rounds int
		dials  int64 // at most, of each destination and round; 0: any number
		dups   int   // of the endpoint, for each round
		limit  string
	}{
		{"lost answers", faultproxy.Faults{DropAnswers: true}, 1500 * time.Millisecond, form(1, 10), 0, 3, "1s"},
		{"blackhole", faultproxy.Faults{Blackhole: true}, 1500 * time.Millisecond, form(1, 10), 0, 3, "1s"},
		{"flapping", faultproxy.Faults{Refuse: true}, form(200*time.Millisecond, time.Second), form(5, 30), 40, 1, "1s"},
		{"drip", faultproxy.Faults{Latency: 20 * time.Millisecond, Jitter: 20 * time.Millisecond, Chunk: 1, BytesPerSecond: 50_000},
			2 * time.Second, form(1, 10), 0, 0, "20s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, o := within(t, form(time.Minute, 5*time.Minute)), oracle.New("far-"+test.name[:4])
			f := startFar(t, ctx)
			h := openHub(t, f.yaml(farDelivery+", timeout: "+test.limit))
			underFarFaults(t, ctx, h, o, test.rounds, func(int) {
				before := map[string]int64{natsName: stats(t, h, natsName).Dials, httpName: stats(t, h, httpName).Dials}
				f.set(t, test.faults)
				pause(ctx, test.lasts)
				for name, dials := range before {
					if made := stats(t, h, name).Dials - dials; test.dials > 0 && made > test.dials {
						t.Errorf("%s is dialled %d times within %v", name, made, test.lasts)
					}
				}
				f.set(t, faultproxy.Faults{})
			})
			f.verify(t, ctx, o, test.dups*test.rounds)
		})
	}
}

// A hub that was closed leaves no goroutine and no connection behind, however its destinations ended.
func TestFaultLeavesNothingBehind(t *testing.T) {
	ctx, o := within(t, time.Minute), oracle.New("far-rest")
	f := startFar(t, ctx)
	files, goroutines := openFiles(t), runningGoroutines()
	for i := range form(5, 50) {
		h := openHub(t, f.yaml(farDelivery+", timeout: 1s"))
		put(t, ctx, h, o, 100)
		f.set(t, faultproxy.Faults{CutWithin: 3_000, Seed: uint64(i), Times: 2})
		flush(t, ctx, h)
		if err := h.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	f.set(t, faultproxy.Faults{})
	left := ""
	eventually(t, ctx, "everything is given back", func() bool {
		left = fmt.Sprintf("%d files, %d goroutines", openFiles(t)-files, runningGoroutines()-goroutines)
		return openFiles(t) <= files && runningGoroutines() <= goroutines
	})
	t.Log("left: ", left)
}
