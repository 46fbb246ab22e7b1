package providertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evhub/evhub/providers"
)

const (
	// patience is the longest wait for what must happen.
	patience = 5 * time.Second
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

// open takes a fresh target and dials it.
func (p *probe) open() *session {
	p.Helper()
	p.Target = p.newTarget()
	return p.dial()
}

// dial opens a session.
func (p *probe) dial() *session {
	p.Helper()
	s, err := p.tryDial()
	if err != nil {
		p.Fatalf("Dial: %v", err)
	}
	return s
}

func (p *probe) tryDial() (*session, error) {
	ctx, cancel := context.WithCancel(p.Context()) // a session that ends with it fails the case about that alone
	p.Cleanup(cancel)
	defer time.AfterFunc(patience, cancel).Stop()
	got, err := p.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return p.adopt(got), nil
}

// adopt sees to it that a session is closed at the end of the case, unless the case closes it before.
func (p *probe) adopt(got providers.Session) *session {
	s := &session{Session: got, probe: p}
	p.Cleanup(func() {
		if !s.closed {
			_ = s.close(soon)
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

// needStall skips the case if no answer can be held back.
func (p *probe) needStall() {
	p.Helper()
	p.need("Stall", p.Far.Stall != nil)
	if !p.Caps.Acked {
		p.Skipf("the provider awaits no answers (Caps.Acked is false)")
	}
}

// canStall reports whether answers can be held back.
func (p *probe) canStall() bool { return p.Far.Stall != nil && p.Caps.Acked }

// stall holds back answers until release or the end of the case.
func (p *probe) stall() (release func()) { return p.hold(p.Far.Stall) }

// hold starts what lasts until release or the end of the case.
func (p *probe) hold(start func() func()) (release func()) {
	release = sync.OnceFunc(start())
	p.Cleanup(release)
	return release
}

// begun lets call run on and reports whether it still does after a while: what was to block, blocks.
func (p *probe) begun(call func()) bool { return !returns(moment/4, call) }

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

// has reports whether the receiver has stored m.
func (p *probe) has(m providers.Message) bool { return slices.Contains(p.received(), m.ID) }

// arrives reports whether the receiver stores m, now or within patience.
func (p *probe) arrives(m providers.Message) bool {
	return p.eventually(func() bool { return p.has(m) })
}

// outcomes spreads what Wait returned over n messages.
func outcomes(err error, n int) []error {
	var batch *providers.BatchError
	if !errors.As(err, &batch) {
		return slices.Repeat([]error{err}, n)
	}
	if len(batch.Errs) != n {
		return slices.Repeat([]error{errNoOutcome}, n) // the fault of one case alone
	}
	return batch.Errs
}

// unsettled reports whether err is an outcome after which a session takes nothing more.
func unsettled(err error) bool { return err != nil && !providers.IsPermanent(err) }
