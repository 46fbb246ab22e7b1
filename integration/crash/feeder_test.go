//go:build linux

package crash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// pace says how fast and how large events are put.
type pace struct {
	// chunk is the most that is written at once, gap the longest wait in between.
	chunk int
	gap   time.Duration
	// ahead is how far the slowest station may be behind before it waits; 0 means any.
	ahead int64
	// total ends the input after so many; 0 means never.
	total int
	// big is the size of one event in fifty; 0 means all are small.
	big int
}

// feed writes events to the command until it ends or is told to stop.
func (l *life) feed(rng *rand.Rand, p pace) {
	l.feeding.Go(func() {
		left := p.total
		for p.total == 0 || left > 0 {
			n := 1 + rng.IntN(p.chunk)
			if p.total > 0 {
				n = min(n, left)
				left -= n
			}
			if _, err := l.stdin.Write(l.world.mint(rng, n, p.big)); err != nil {
				return // it is gone
			}
			for first := true; first || p.ahead > 0 && l.world.behind() > p.ahead; first = false {
				if !pause(between(rng, 0, p.gap), l.stop) {
					return
				}
			}
		}
		_ = l.stdin.Close()
	})
}

// feedOnly writes so many events, a few at a time, and ends the input.
func (l *life) feedOnly(n, big int) {
	l.feed(random(l.world.rng.Uint64(), 0), pace{chunk: 12, gap: 3 * time.Millisecond, total: n, big: big})
}

// mint makes n events as JSON Lines.
func (w *world) mint(rng *rand.Rand, n, big int) []byte {
	var lines []byte
	for range n {
		size := 60 + rng.IntN(400)
		if big > 0 && rng.IntN(50) == 0 {
			size = 1 + rng.IntN(big)
		}
		number := w.minted.Add(1)
		e := w.oracle.MintSize(fmt.Sprint("key", number%7), size)
		line, err := json.Marshal(map[string]any{"profile": e.Key, "body": e.Body, "key": e.Key, "id": e.ID})
		if err != nil {
			panic(err) // they are all strings
		}
		lines = append(append(lines, line...), '\n')
	}
	return lines
}
