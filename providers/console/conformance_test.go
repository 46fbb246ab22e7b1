package console_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/console"
	"github.com/evhub/evhub/providers/providertest"
)

func TestContract(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Target {
		reader := &reader{fail: map[string]bool{}, lose: map[string]bool{}}
		conns, err := console.ProviderTo(reader).Configure(entry(func(*console.Config) {}))
		if err != nil {
			t.Fatal(err)
		}
		dial, err := conns[0].Open(providers.Env{})
		if err != nil {
			t.Fatal(err)
		}
		return providertest.Target{Dial: dial, Caps: conns[0].Caps, Far: providertest.FarEnd{
			Received:   reader.received,
			Fail:       func(id string) { reader.script(reader.fail, id) },
			LoseAnswer: func(id string) { reader.script(reader.lose, id) },
			Stall:      reader.stall,
		}}
	})
}

// reader stands for what reads the stream: a pipe that breaks, a terminal that is held.
type reader struct {
	writing sync.Mutex // held by stall

	mu         sync.Mutex
	lines      [][]byte
	fail, lose map[string]bool
}

var errBroken = errors.New("the pipe broke")

func (r *reader) Write(text []byte) (written int, err error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range bytes.Lines(text) {
		id := providertest.ID(line)
		failed, lost := r.fail[id], r.lose[id]
		delete(r.fail, id)
		delete(r.lose, id)
		if !failed {
			r.lines = append(r.lines, bytes.Clone(bytes.TrimSuffix(line, []byte("\n"))))
		}
		if failed || lost {
			return written, errBroken
		}
		written += len(line)
	}
	return written, nil
}

func (r *reader) script(faults map[string]bool, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	faults[id] = true
}

func (r *reader) stall() (release func()) {
	r.writing.Lock()
	return r.writing.Unlock
}

func (r *reader) received() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}
