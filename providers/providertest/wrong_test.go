package providertest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
)

// wrong is a provider that breaks one rule: a Fake in a wrapper.
type wrong struct {
	name  string
	fails string // the case that finds it
	caps  providers.Caps
	// spoil wraps the sessions of a fresh Fake. What it does wrong by hanging ends with released.
	spoil func(t *Target, released <-chan struct{})
}

var fullCaps = providers.Caps{Acked: true, Order: providers.Full}

// Each wrong provider fails the case of its rule and no other.
func TestWrongProviders(t *testing.T) {
	caught := map[string]bool{}
	for _, w := range slices.Concat(wrongInUse, wrongAtEnd, wrongAfterFault, wrongOutcomes) {
		caught[w.fails] = true
		t.Run(w.fails+"/"+w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failed := []string{}
				for _, c := range cases() {
					if r := w.try(t.Context(), c); len(r.errors) > 0 {
						failed = append(failed, c.name)
						t.Logf("%s: %s", c.name, r.errors[0])
					}
				}
				if diff := cmp.Diff([]string{w.fails}, failed); diff != "" {
					t.Errorf("failed cases (-want +got):\n%s", diff)
				}
			})
		})
	}
	for _, c := range cases() {
		if !caught[c.name] {
			t.Errorf("no wrong provider fails the case %s", c.name)
		}
	}
}

// try runs one case on its own goroutine, as package testing does.
func (w wrong) try(ctx context.Context, c testCase) *recorder {
	ctx, cancel := context.WithCancel(ctx)
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.cleanup(cancel)
		c.check(&probe{TB: r, rules: c.rules, newTarget: func() Target { return w.target(r) }})
	}()
	<-done
	synctest.Wait()
	return r
}

func (w wrong) target(tb TB) Target {
	caps := w.caps
	if caps == (providers.Caps{}) {
		caps = fullCaps
	}
	target := NewFake(caps).Target()
	released := make(chan struct{})
	tb.Cleanup(func() { close(released) })
	w.spoil(&target, released)
	return target
}

// recorder is a TB that keeps what it is told.
type recorder struct {
	ctx      context.Context
	errors   []string
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Cleanup(f func())         { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(string, ...any) { runtime.Goexit() }

func (r *recorder) cleanup(cancel func()) {
	cancel()
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}
