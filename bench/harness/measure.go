package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
)

// Result is what one run came to.
type Result struct {
	// Published counts all acknowledged events, those of the warm-up included.
	Published int
	// Events were measured. Wall and CPU (user and system time of the process) are from the first to the last of
	// them, and so are the allocations.
	Events             int
	Wall, CPU          time.Duration
	Allocs, AllocBytes uint64
	// PeakRSS is the most memory that the process had, in bytes; 0 if the system does not say.
	PeakRSS int64
	// P50 and P99 are the latencies of a group that measures them.
	P50, P99 time.Duration
}

// Measure runs one contestant in this process.
func Measure(ctx context.Context, c Contestant, t Task) (r Result, err error) {
	p, err := c.Open(ctx, t)
	if err != nil {
		return r, fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, p.Close(ctx)) }()
	if err := p.Publish(ctx, t.WarmUp); err != nil {
		return r, fmt.Errorf("warm up: %w", err)
	}
	run := throughput
	if t.Kind == Latency {
		run = latency
	}
	stop, err := startProfile(t.Profile)
	if err != nil {
		return r, err
	}
	r, err = between(func() (Result, error) { return run(ctx, p, t.Events) })
	r.Published = t.WarmUp + t.Events
	return r, errors.Join(err, stop())
}

// between adds to the result of run what it cost.
func between(run func() (Result, error)) (Result, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	r, err := run()
	r.Wall, r.CPU = time.Since(start), cpuTime()-cpu
	runtime.ReadMemStats(&after)
	r.Allocs, r.AllocBytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	r.PeakRSS = peakRSS()
	return r, err
}

func throughput(ctx context.Context, p Publisher, n int) (Result, error) {
	return Result{Events: n}, p.Publish(ctx, n)
}

// idle is how long a connection rests between two events of a latency group.
const idle = 2 * time.Millisecond

func latency(ctx context.Context, p Publisher, n int) (Result, error) {
	times := make([]time.Duration, n)
	pause := time.NewTimer(idle)
	defer pause.Stop()
	for i := range times {
		<-pause.C
		start := time.Now()
		if err := p.Publish(ctx, 1); err != nil {
			return Result{}, err
		}
		times[i] = time.Since(start)
		pause.Reset(idle)
	}
	slices.Sort(times)
	return Result{Events: n, P50: times[n/2], P99: times[n*99/100]}, nil
}

func startProfile(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
