package providertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/evhub/evhub/providers"
)

// Fake is a broker in memory and the provider that leads to it: what a test of the engine needs of a destination. It
// passes [Run] with each order, does what it is told by [Fake.Script] and [Fake.Once], remembers what it stored, and
// notes what its user does wrong ([Fake.Misuse]).
//
// It starts no goroutine and blocks on channels alone, so that it serves in a testing/synctest bubble. A message is
// taken, judged and stored within Send; only its answer can be late. Its methods may be called at any time from any
// goroutine.
//
// What the orders mean for it: with Full nothing is stored behind a message that failed. With Suffix a message that
// the broker refused does not stop those behind it, a lost connection does. With None each flight is stored in
// reverse.
type Fake struct {
	caps    providers.Caps
	discard bool

	mu       sync.Mutex // guards what follows
	script   Script
	once     map[string][]Outcome
	stalled  chan struct{} // closed by release; nil: answers come
	blocked  chan struct{} // closed by release; nil: there is room
	sessions []*fakeSession
	record
}

// FakeConfig is the configuration of the provider that [FakeProvider] returns.
type FakeConfig struct {
	Address string `yaml:"address" doc:"Name of the fake broker."`
}

// NewFake returns a healthy broker whose sessions keep caps.
func NewFake(caps providers.Caps) *Fake {
	return &Fake{caps: caps, once: map[string][]Outcome{}, record: newRecord()}
}

// NewDiscardingFake returns a Fake that counts what it stores and forgets it, for benchmarks.
func NewDiscardingFake(caps providers.Caps) *Fake {
	f := NewFake(caps)
	f.discard = true
	return f
}

// FakeProvider returns a provider of that name whose entries say with `address` which of the brokers they lead to.
// An address of none of them is an error of Open.
func FakeProvider(name string, brokers map[string]*Fake) providers.Provider {
	return providers.Define(providers.Spec[FakeConfig]{
		Name: name,
		Doc:  "Delivers to a broker in memory.",
		Caps: func(c FakeConfig) providers.Caps {
			if f := brokers[c.Address]; f != nil {
				return f.caps
			}
			return providers.Caps{}
		},
		Address: func(c FakeConfig) string { return c.Address },
		Open: func(c FakeConfig, _ providers.Env) (providers.Dial, error) {
			f := brokers[c.Address]
			if f == nil {
				return nil, providers.Invalid("address", "no fake broker %q; there are: %s", c.Address, names(brokers))
			}
			return f.Dial, nil
		},
	})
}

func names(brokers map[string]*Fake) string {
	var all []string
	for name := range brokers {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// Caps returns the caps that the Fake was made with.
func (f *Fake) Caps() providers.Caps { return f.caps }

// Dial opens a session. It is a [providers.Dial].
func (f *Fake) Dial(ctx context.Context) (providers.Session, error) {
	f.mu.Lock()
	f.stats.Dials++
	n, hook := f.stats.Dials, f.script.OnDial
	if live := f.unclosed(); live > 0 {
		f.misuse("Dial while %d earlier sessions are not closed", live)
	}
	f.mu.Unlock()
	if hook != nil {
		if err := hook(ctx, n); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	s := newFakeSession(f)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions = append(f.sessions, s)
	return s, nil
}

// unclosed counts the sessions on which Close has not returned. f.mu is held.
func (f *Fake) unclosed() int {
	n := 0
	for _, s := range f.sessions {
		if !s.gone {
			n++
		}
	}
	return n
}

// remove forgets a session whose Close returns.
func (f *Fake) remove(s *fakeSession) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.gone = true
	f.sessions = slices.DeleteFunc(f.sessions, func(t *fakeSession) bool { return t == s })
}
