package harness

import (
	"context"
	"fmt"
	"slices"
)

// Publisher is a contestant that is ready to publish.
type Publisher interface {
	// Publish publishes n events and returns when every one of them has been acknowledged.
	Publish(ctx context.Context, n int) error
	// Close ends it.
	Close(ctx context.Context) error
}

// Contestant is one way of doing what its group compares.
type Contestant struct {
	Name string
	// Against are the contestants that its ratios compare with: in each round the best of them. Nil: the group's first.
	Against []string
	// Fewer divides the events of the group, for one that takes too long for all of them; 0 does not.
	Fewer int
	// FullOnly takes part only in the full form.
	FullOnly bool
	// Open connects. It is called in the process that measures.
	Open func(ctx context.Context, t Task) (Publisher, error)
}

// Kind says what a group measures.
type Kind int

const (
	// Throughput: one Publish of many events.
	Throughput Kind = iota
	// Latency: one event after the other, each on an idle connection.
	Latency
	// StartUp: how long one Publish takes, and the memory of the process after it.
	StartUp
)

// Group is a table of contestants.
type Group struct {
	// Name is what the command line calls it, Title what stands over its table.
	Name, Title string
	Kind        Kind
	// Events is how many are measured in one run, and WarmUp how many go before. Full is how many it takes to fill
	// more than a cache; 0: no more than Events.
	Events, WarmUp, Full int
	Contestants          []Contestant
	// Prepare makes what one run publishes to, in the parent process, and completes the task. finish checks that
	// all published events have arrived, and clears up. Nil: nothing is needed.
	Prepare func(ctx context.Context, t *Task) (finish Finish, err error)
}

// Finish is called after a run that has published so many events in all.
type Finish func(ctx context.Context, published int) error

// Task is one run of one contestant.
type Task struct {
	Group, Contestant string
	Kind              Kind
	// Events and WarmUp as in Group. Body is the size of an event's body in bytes.
	Events, WarmUp, Body int
	// Address is the broker's, Target the topic or queue to publish to.
	Address, Target string
	Partitions      int
	// Dir is an empty folder on the disk that is to be measured.
	Dir string
	// Profile is a file for the CPU profile of the measured part; "" for none.
	Profile string
}

// find returns the contestant of a task.
func find(groups []Group, t Task) (Contestant, error) {
	for _, g := range groups {
		if g.Name != t.Group {
			continue
		}
		if i := slices.IndexFunc(g.Contestants, func(c Contestant) bool { return c.Name == t.Contestant }); i >= 0 {
			return g.Contestants[i], nil
		}
	}
	return Contestant{}, fmt.Errorf("there is no contestant %s / %s", t.Group, t.Contestant)
}

func (g Group) contestant(name string) Contestant {
	i := slices.IndexFunc(g.Contestants, func(c Contestant) bool { return c.Name == name })
	return g.Contestants[i]
}

// against returns the names of those that a contestant's ratios compare with.
func (g Group) against(name string) []string {
	if a := g.contestant(name).Against; a != nil {
		return a
	}
	return []string{g.Contestants[0].Name}
}
