package providertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
)

const (
	// patience is the longest wait for what must happen.
	patience = 3 * time.Second
	// moment is the length of a ctx that is meant to end.
	moment = 100 * time.Millisecond
	// soon is how late after the end of its ctx a call may return.
	soon = time.Second
)

// probe is one running case.
type probe struct {
	TB
	rules     []string
	newTarget func() Target
	Target
}

// failf reports that the rules of the case are broken, and goes on.
func (p *probe) failf(format string, args ...any) {
	p.Helper()
	p.Errorf("%s\nThe contract: %s", fmt.Sprintf(format, args...), strings.Join(p.rules, " "))
}

// open takes a fresh target and dials it. The session is closed at the end of the case if the case has not done so.
func (p *probe) open() *session {
	p.Helper()
	p.Target = p.newTarget()
	return p.dial()
}

func (p *probe) dial() *session {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	got, err := p.Dial(ctx)
	if err != nil {
		p.Fatalf("Dial: %v", err)
	}
	s := &session{Session: got, probe: p}
	p.Cleanup(func() {
		if !s.closed {
			s.close(soon)
		}
	})
	return s
}

// need skips the case if the far end lacks the named ability.
func (p *probe) need(name string, has bool) {
	p.Helper()
	if !has {
		p.Skipf("the far end of this provider has no %s", name)
	}
}

// eventually waits until ok and reports whether it came to that.
func (p *probe) eventually(ok func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// returns runs call and reports whether it came back within d. Otherwise it goes on on its own.
func returns(d time.Duration, call func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// received returns the IDs of what is stored now.
func (p *probe) received() []string {
	var ids []string
	for _, b := range p.Far.Received() {
		ids = append(ids, ID(b))
	}
	return ids
}

// outcomes spreads what Wait returned over n messages.
func outcomes(err error, n int) []error {
	errs := make([]error, n)
	var batch *providers.BatchError
	if errors.As(err, &batch) {
		copy(errs, batch.Errs)
		return errs
	}
	for i := range errs {
		errs[i] = err
	}
	return errs
}
