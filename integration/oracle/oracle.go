// Package oracle says whether events were lost, invented, damaged, repeated or put out of order.
//
// It mints events whose body is a function of their id, is told which of them were accepted, and reads the
// brokers with readers of its own, so that the code under test takes no part in the verdict:
//
//	o := oracle.New("kill9")
//	e := o.Mint("key")                  // put e.Body
//	o.Accept(e.ID)                      // Put returned nil
//	w := o.Witness("kafka")
//	err := oracle.ReadTopic(ctx, addr, topic, func(m kafka.Message) { w.Observe(m.Value) })
//	err = w.Verdict().Err(duplicates)
package oracle

import (
	"fmt"
	"slices"
	"sync"
)

// Oracle mints events and knows which were accepted. It may be used concurrently; the events of one key are to be
// put in the order in which they were minted.
type Oracle struct {
	run string

	mu     sync.Mutex // guards the fields below
	next   map[string]int
	state  map[string]fate
	minted []string
}

// fate is what became of an event at the door.
type fate int

const (
	open     fate = iota // nobody said: it may come or not
	accepted             // it must come
	refused              // it must not come
)

// New returns an oracle for one run, whose name marks its events. It must not hold a slash.
func New(run string) *Oracle {
	return &Oracle{run: run, next: map[string]int{}, state: map[string]fate{}}
}

// Mint makes the next event of an ordering key, which must not hold a slash.
func (o *Oracle) Mint(key string) Event { return o.MintSize(key, 100) }

// MintSize is Mint with a body of about so many bytes.
func (o *Oracle) MintSize(key string, size int) Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := newEvent(o.run, key, o.next[key], size)
	o.next[key]++
	o.state[e.ID] = open
	o.minted = append(o.minted, e.ID)
	return e
}

// Accept notes that the event was accepted: from now on it must come.
func (o *Oracle) Accept(id string) { o.decide(id, accepted) }

// Refuse notes that the event was refused for sure: it must not come.
func (o *Oracle) Refuse(id string) { o.decide(id, refused) }

func (o *Oracle) decide(id string, f fate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.state[id]; !ok {
		panic(fmt.Sprintf("oracle %s: %q was not minted here", o.run, id)) // an error of the test itself
	}
	o.state[id] = f
}

// Minted reports whether the oracle made the event.
func (o *Oracle) Minted(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.state[id]
	return ok
}

// Accepted is how many events were accepted so far.
func (o *Oracle) Accepted() int { return len(o.AcceptedIDs()) }

// AcceptedIDs are the ids that must come, in the order of minting.
func (o *Oracle) AcceptedIDs() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.minted), func(id string) bool { return o.state[id] != accepted })
}

// mayCome reports whether the event was minted and not refused.
func (o *Oracle) mayCome(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, ok := o.state[id]
	return ok && f != refused
}
