package faultproxy_test

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/faultproxy"
)

func TestRefuseResetsAndTakesConnectionsAgain(t *testing.T) {
	p := newProxy(t, echo(t))
	c := dial(t, p)
	set(t, p, faultproxy.Faults{Refuse: true})
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("open connection: %v, want a reset", err)
	}
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, want refused", err)
	}
	set(t, p, faultproxy.Faults{})
	c = dial(t, p)
	send(t, c, []byte("back"))
	receive(t, c, []byte("back"))
}

func TestBlackholeFreezesAndThaws(t *testing.T) {
	p := newProxy(t, echo(t))
	before := dial(t, p)
	send(t, before, []byte("warm"))
	receive(t, before, []byte("warm"))
	set(t, p, faultproxy.Faults{Blackhole: true})
	during := dial(t, p)
	for _, c := range []net.Conn{before, during} {
		send(t, c, []byte("late"))
		silent(t, c)
	}
	set(t, p, faultproxy.Faults{})
	receive(t, before, []byte("late"))
	receive(t, during, []byte("late"))
}

func TestDropAnswersThenReset(t *testing.T) {
	p := newProxy(t, echo(t))
	set(t, p, faultproxy.Faults{DropAnswers: true})
	c := dial(t, p)
	send(t, c, []byte("question"))
	silent(t, c)
	if s := p.Stats(); s.Up != 8 || s.Dropped != 8 || s.Down != 0 {
		t.Errorf("stats: %+v", s)
	}
	set(t, p, faultproxy.Faults{})
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after the fault: %v, want a reset", err)
	}
}

func TestLatencyDelaysWithoutLimitingTheRate(t *testing.T) {
	p := newProxy(t, echo(t))
	set(t, p, faultproxy.Faults{Latency: 40 * time.Millisecond, Jitter: time.Millisecond})
	c, data, start := dial(t, p), pattern(512<<10), time.Now()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = c.Write(data) })
	receive(t, c, data)
	wg.Wait()
	// 512 KiB are 32 pieces or more: one after the other they would take over 2.5 s.
	if took := time.Since(start); took < 80*time.Millisecond || took > 2*time.Second {
		t.Errorf("took %v, want twice the latency and little more", took)
	}
}

func TestBandwidth(t *testing.T) {
	p := newProxy(t, echo(t))
	set(t, p, faultproxy.Faults{BytesPerSecond: 100_000})
	c, data, start := dial(t, p), pattern(20_000), time.Now()
	send(t, c, data)
	receive(t, c, data)
	if took := time.Since(start); took < 150*time.Millisecond {
		t.Errorf("20 kB at 100 kB/s took %v", took)
	}
}

func TestChunkTearsWrites(t *testing.T) {
	p := newProxy(t, echo(t))
	set(t, p, faultproxy.Faults{Chunk: 1})
	c, data := dial(t, p), pattern(3000)
	send(t, c, data)
	receive(t, c, data)
}

func TestCutAfterExactlySoManyBytes(t *testing.T) {
	for _, rst := range []bool{false, true} {
		p := newProxy(t, echo(t))
		set(t, p, faultproxy.Faults{CutDown: 1000, Reset: rst, Times: 1})
		c := dial(t, p)
		send(t, c, pattern(5000))
		got, err := io.ReadAll(c)
		if len(got) != 1000 || (err != nil) != rst {
			t.Errorf("reset %v: read %d bytes, error %v", rst, len(got), err)
		}
		again := dial(t, p) // Times: 1 is used up
		send(t, again, pattern(5000))
		receive(t, again, pattern(5000))
		if s := p.Stats(); s.Cuts != 1 {
			t.Errorf("cuts: %d, want 1", s.Cuts)
		}
	}
}

func TestCutUpCountsFromSet(t *testing.T) {
	p := newProxy(t, echo(t))
	c := dial(t, p)
	send(t, c, pattern(500))
	receive(t, c, pattern(500))
	set(t, p, faultproxy.Faults{CutUp: 10})
	send(t, c, pattern(9))
	receive(t, c, pattern(9))
	send(t, c, pattern(9))
	if got, _ := io.ReadAll(c); len(got) > 1 {
		t.Errorf("%d bytes came back after the cut", len(got))
	}
	if s := p.Stats(); s.Up != 510 {
		t.Errorf("up: %d bytes, want 510", s.Up)
	}
}

func TestCutWithinRepeatsWithItsSeed(t *testing.T) {
	const size = 2000
	target := serve(t, func(c net.Conn) { // answers only when it has all, so that bytes go one way at a time
		if _, err := io.ReadFull(c, make([]byte, size)); err == nil {
			_, _ = c.Write(pattern(size))
		}
		_, _ = io.Copy(io.Discard, c)
	})
	run := func(seed uint64) (cuts []int64) {
		p := newProxy(t, target)
		set(t, p, faultproxy.Faults{CutWithin: size, Seed: seed, Reset: true})
		for range 20 {
			before := p.Stats()
			if c, err := net.Dial("tcp", p.Addr()); err == nil {
				deadline(t, c, 5*time.Second)
				_, _ = c.Write(pattern(size))
				_, _ = io.ReadAll(c)
				c.Close()
			}
			after := p.Stats()
			if after.Cuts != before.Cuts+1 {
				t.Fatalf("%d cuts, want one more than %d", after.Cuts, before.Cuts)
			}
			cuts = append(cuts, after.Up-before.Up+after.Down-before.Down)
		}
		return cuts
	}
	first := run(1)
	if again := run(1); !slices.Equal(first, again) {
		t.Errorf("the same seed cut elsewhere: %v, then %v", first, again)
	}
	if slices.Equal(first, run(2)) {
		t.Error("another seed cut at the same places")
	}
	if low, high := slices.Min(first), slices.Max(first); low >= size || high <= size {
		t.Errorf("cuts from byte %d to %d, want some on the way up and some on the way down", low, high)
	}
}

func TestResetAllIsOnce(t *testing.T) {
	p := newProxy(t, echo(t))
	c := dial(t, p)
	send(t, c, []byte("x"))
	receive(t, c, []byte("x"))
	p.ResetAll()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read: %v, want a reset", err)
	}
	c = dial(t, p)
	send(t, c, []byte("y"))
	receive(t, c, []byte("y"))
}
