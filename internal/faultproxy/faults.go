package faultproxy

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Faults says what the proxy does to the connections that pass through it. The zero value passes everything
// on. Faults combine. "Up" is from client to target, "down" from target to client; bytes are counted for
// each connection from its start, or from the call of [Proxy.Set] if it was open then.
type Faults struct {
	// Refuse closes the listening port, so that a dial is refused, and resets the open connections.
	Refuse bool
	// Blackhole accepts and then neither reads nor forwards. Open connections freeze, and go on unharmed
	// when it ends.
	Blackhole bool
	// DropAnswers reads what the target sends and throws it away. As the stream then has a hole, such a
	// connection is reset when this fault ends.
	DropAnswers bool

	// Latency delays every byte in each direction, without limiting the rate.
	Latency time.Duration
	// Jitter is added to Latency, uniformly from zero to this.
	Jitter time.Duration
	// BytesPerSecond limits each direction of each connection. Zero: no limit.
	BytesPerSecond int
	// Chunk is the most bytes written at once; 1 tears every frame apart. Zero: as they come.
	Chunk int

	// CutUp and CutDown end a connection once exactly so many bytes went that way. Zero: never.
	CutUp, CutDown int64
	// CutWithin ends each connection, in a direction and after a number of bytes from 1 to this that are drawn from Seed
	// and the number of the connection. Zero: never.
	CutWithin int64
	// Seed makes CutWithin repeatable.
	Seed uint64
	// Reset makes these cuts an RST in place of a FIN.
	Reset bool
	// Times is how many connections the cuts may end; after that they pass. Zero: any number.
	Times int
}

// setting is the Faults in force from one Set to the next.
type setting struct {
	Faults
	changed chan struct{} // closed by the next Set
	cuts    atomic.Int64
}

func newSetting(f Faults) *setting { return &setting{Faults: f, changed: make(chan struct{})} }

// mayCut counts a cut, unless there were enough.
func (s *setting) mayCut() bool {
	return s.cuts.Add(1) <= int64(s.Times) || s.Times == 0
}

// limit is the number of bytes after which connection id ends in the direction. Zero: never.
func (s *setting) limit(id uint64, up bool) int64 {
	at := s.CutDown
	if up {
		at = s.CutUp
	}
	if s.CutWithin > 0 {
		rng := rand.New(rand.NewPCG(s.Seed, id))
		if drawn := 1 + rng.Int64N(s.CutWithin); (rng.IntN(2) == 0) == up && (at == 0 || drawn < at) {
			at = drawn
		}
	}
	return at
}

// delay is how long a byte that has just come is held back.
func (s *setting) delay() time.Duration {
	if s.Jitter <= 0 {
		return s.Latency
	}
	return s.Latency + rand.N(s.Jitter)
}

// piece is how many of n bytes to write at once.
func (s *setting) piece(n int) int {
	if s.Chunk > 0 {
		n = min(n, s.Chunk)
	}
	if s.BytesPerSecond > 0 {
		const perSecond = 20 // pieces: smooth enough, and soon awake after a change
		n = min(n, max(1, s.BytesPerSecond/perSecond))
	}
	return n
}

// pace is how long n bytes take at the limited rate.
func (s *setting) pace(n int) time.Duration {
	if s.BytesPerSecond <= 0 {
		return 0
	}
	return time.Duration(n) * time.Second / time.Duration(s.BytesPerSecond)
}
