package hubslog

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evhub/evhub/hub"
)

// entry is a record as an event.
type entry struct {
	event hub.Event
	// about is the destination that the record is about; "" for none.
	about string
}

// core is what a handler and those that are derived from it have in common. Those who log only put into the queue: they
// may hold locks of the hub, as the hub logs too.
type core struct {
	options Options
	dropped atomic.Int64

	mu    sync.Mutex // guards the queue's sending side and the fields below; held for no wait
	queue chan entry
	ended chan struct{} // closed when the firing has ended; nil before attach
	done  bool
}

func (c *core) enqueue(e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return
	}
	select {
	case c.queue <- e:
	default:
		c.dropped.Add(1)
	}
}

func (c *core) attach(h *hub.Hub) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || c.ended != nil {
		return
	}
	c.ended = make(chan struct{})
	go func() {
		defer close(c.ended)
		c.fireAll(h)
	}()
}

// end lets the firing end and waits for it. What was never attached has dropped what waits.
func (c *core) end() {
	c.mu.Lock()
	if !c.done {
		c.done = true
		close(c.queue)
	}
	ended := c.ended
	c.mu.Unlock()
	if ended != nil {
		<-ended
		return
	}
	for range c.queue {
		c.dropped.Add(1)
	}
}

// fireAll fires entries until the queue is closed.
func (c *core) fireAll(h *hub.Hub) {
	told := int64(0) // of the dropped
	for e := range c.queue {
		if e.about != "" && slices.Contains(h.Destinations(e.event.Profile), e.about) {
			continue // it would have itself delivered there, and that logged, and so on
		}
		told = c.tell(h, told)
		if h.PutNowait(e.event) != nil {
			c.dropped.Add(1)
		}
	}
	c.tell(h, told)
}

// tell fires a record of what was dropped beyond told, and returns of how many it has told then.
func (c *core) tell(h *hub.Hub, told int64) int64 {
	dropped := c.dropped.Load()
	if dropped == told {
		return told
	}
	r := slog.NewRecord(time.Now(), slog.LevelWarn, "log records were dropped: the hub did not take them", 0)
	r.AddAttrs(slog.Int64("dropped", dropped-told))
	if h.PutNowait(c.options.entry(r, nil).event) != nil {
		return told
	}
	return dropped
}
