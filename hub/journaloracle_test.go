package hub_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evhub/evhub/hub"
)

// fate is what a put said of an event.
type fate int

const (
	accepted fate = iota
	unsynced      // by PutNowait, and not known to be on disk
	refused
	uncertain
)

// offered is an event that was put.
type offered struct {
	id, key   string
	number    int // rises within key
	fate      fate
	how       string
	must, may []string // destinations that have to get it if it was accepted, and that may get it
}

// at is an event at a destination.
type at struct{ destination, id string }

// oracle knows what was put and what has to become of it.
type oracle struct {
	mu      sync.Mutex
	events  map[string]*offered
	waiting []*offered // unsynced
	// layouts that were begun, of which that at current is in force, or one behind it.
	layouts []layout
	current int
	dead    map[at]bool // that were a dead letter once
	dropped map[string]int
	lost    map[string]int
	reloads int
	// of the hub at present
	counts [uncertain + 1]int

	letters map[at]bool // at the end
}

func newOracle() *oracle {
	return &oracle{events: map[string]*offered{}, dead: map[at]bool{}, dropped: map[string]int{}, lost: map[string]int{}, letters: map[at]bool{}}
}

// begin notes that n will be in force.
func (o *oracle) begin(n layout) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.layouts = append(o.layouts, n)
}

// inForce notes that the newest layout is, and failed that the one before still is.
func (o *oracle) inForce() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.current = len(o.layouts) - 1
}

func (o *oracle) failed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.layouts = append(o.layouts, o.layouts[o.current])
	o.current = len(o.layouts) - 1
}

func (o *oracle) reloaded() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reloads++
}

func (o *oracle) newest() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.layouts[len(o.layouts)-1].yaml
}

func (o *oracle) inForceNow() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.current
}

// note notes what became of e, which was put when the layout from was in force.
func (o *oracle) note(e hub.Event, number int, f fate, from int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := &offered{id: e.ID, key: e.Key, number: number, fate: f, must: o.layouts[from].matches(e.Profile)}
	for _, l := range o.layouts[from:] {
		matches := l.matches(e.Profile)
		p.must = slices.DeleteFunc(p.must, func(name string) bool { return !slices.Contains(matches, name) })
		p.may = append(p.may, matches...)
	}
	o.events[e.ID] = p
	o.counts[f]++
	if f == unsynced {
		o.waiting = append(o.waiting, p)
	}
}

// unsynced returns what Sync makes durable if it is called now, and synced notes that it did.
func (o *oracle) unsynced() []*offered {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.waiting)
}

func (o *oracle) synced(events []*offered, why string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range events {
		if p.fate == unsynced {
			p.fate = accepted
			p.how += why
		}
	}
	o.waiting = slices.DeleteFunc(o.waiting, func(p *offered) bool { return p.fate == accepted })
}

func (o *oracle) syncedAll() { o.synced(o.unsynced(), " at Close") }

// forgetUnsynced is for the end of a hub: what only it knew of may be gone.
func (o *oracle) forgetUnsynced() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.waiting {
		p.fate = uncertain
	}
	o.waiting = nil
	o.counts = [uncertain + 1]int{}
}

// compareAccepted compares what a hub counts, when nobody puts and all is on disk, with what it said.
func (o *oracle) compareAccepted(t *testing.T, counted int64) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	least := int64(o.counts[accepted] + o.counts[unsynced])
	if counted < least || counted > least+int64(o.counts[uncertain]) {
		t.Errorf("the hub counts %d accepted; %d were, and of %d it is uncertain", counted, least, o.counts[uncertain])
	}
}

func (o *oracle) hooks() hub.Hooks {
	return hub.Hooks{
		Dead: func(destination string, l hub.DeadLetter) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.dead[at{destination, l.Event.ID}] = true
		},
		Dropped: func(destination string, n int) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.dropped[destination] += n
		},
		Lost: func(destination string, n int) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.lost[destination] += n
		},
	}
}

// judge compares what arrived with what had to.
func (o *oracle) judge(l *life) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.events {
		l.puts++
		switch p.fate {
		case refused:
			l.refused++
		case uncertain:
			l.uncertain++
		default:
			l.accepted++
		}
	}
	for _, d := range identities {
		o.judgeDestination(l, d)
	}
	l.dead += len(o.dead)
	l.figures.reloads += o.reloads
	for name, n := range o.lost {
		l.t.Errorf("%d events are said to be lost at %s", n, name)
	}
}

func (o *oracle) judgeDestination(l *life, d identity) {
	name := "fake:" + d.name
	copies := map[string]int{}
	reached := map[string]int{} // by key
	for _, m := range l.bs[d.name].Stored() {
		id := m.ID
		copies[id]++
		l.delivered++
		p := o.events[id]
		switch {
		case p == nil || !slices.Contains(p.may, name):
			l.t.Errorf("%s got %s, which was not put for it", name, id)
			continue
		case p.fate == refused:
			l.t.Errorf("%s got %s, which was refused", name, id)
		case copies[id] > 1:
			l.duplicates++
			if l.calm && !o.dead[at{name, id}] {
				l.t.Errorf("%s got %s %d times, though nothing left an outcome unknown", name, id, copies[id])
			}
			continue
		case o.dead[at{name, id}], bad(id), d.name == "gives-up", d.onFull == "drop_oldest" && !l.calm:
			// It was replayed; or a letter that could not be written, and an event that was dropped, are there again after
			// a kill.
			continue
		}
		if p.number < reached[p.key] {
			l.t.Errorf("%s got %s with Seq %d after number %d of its key", name, id, m.Seq, reached[p.key])
		}
		reached[p.key] = max(reached[p.key], p.number)
	}
	var missing []string
	for id, p := range o.events {
		letter := o.letters[at{name, id}]
		if letter && p.fate == refused {
			l.t.Errorf("%s has a dead letter of %s, which was refused", name, id)
		}
		gone := d.discarded && o.dead[at{name, id}]
		if p.fate == accepted && slices.Contains(p.must, name) && copies[id] == 0 && !letter && !gone {
			missing = append(missing, id+p.how)
		}
	}
	if len(missing) > o.dropped[name] {
		slices.Sort(missing)
		l.t.Errorf("%s did not get %d events that were accepted, %d were dropped: %s", name, len(missing), o.dropped[name],
			strings.Join(missing[:min(10, len(missing))], " "))
	}
	l.dropped += o.dropped[name]
	if d.onFull == "block" && o.dropped[name] > 0 {
		l.t.Errorf("%s dropped %d", name, o.dropped[name])
	}
}
