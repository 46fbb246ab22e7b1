package hub

import "time"

// crowd estimates how many callers put at the same time and wait for the disk.
//
// A caller whose group was written soon comes back with more. If the disk took what the first of them brings, the others
// would wait for two writes, and each write would be small. So a group waits for a good part of them, while they are
// likely to come. One or two callers never wait, and who is left of a crowd does for a write or two.
type crowd struct {
	callers float64       // about how many: those in a group, and those who gathered while it was written
	before  int           // how many waited for the group before
	wrote   time.Duration // how long it took to write it
}

const (
	// goodPart of the callers make a group worth writing. With nearly a half, one part of them puts more while the disk
	// has what the others brought.
	goodPart = 0.45
	// mostGathering is the longest that a group waits for callers. It also waits no longer than the group before took to
	// be written, which is about what waiting can win; but where nothing else happens Go's timers are late by up to a
	// millisecond.
	mostGathering = time.Millisecond
)

// meet notes that n callers wait for a group, and returns how many should.
func (c *crowd) meet(n int) (wanted float64) {
	c.callers += (float64(c.before+n) - c.callers) / 8
	return goodPart * c.callers
}

// missed notes that only n callers came.
func (c *crowd) missed(n int) { c.callers = float64(n) }

// gather waits until the group that is gathering is worth writing.
func (c *committer) gather() {
	n := c.waiting()
	if n == 0 {
		return
	}
	wanted := c.crowd.meet(n)
	if float64(n) >= wanted {
		return
	}
	timer := time.NewTimer(min(c.crowd.wrote, mostGathering))
	defer timer.Stop()
	for ; float64(n) < wanted; n = c.waiting() {
		select {
		case <-c.wake:
		case <-timer.C:
			c.crowd.missed(c.waiting())
			return
		case <-c.stop:
			return
		}
	}
}

// waiting is how many callers wait for what has gathered.
func (c *committer) waiting() int {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	return c.gathering.callers
}
