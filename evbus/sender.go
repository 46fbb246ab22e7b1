package evbus

import (
	"context"
	"errors"
	"time"

	"github.com/evhub/evhub/providers"
)

// run dials when there is something to send, drives the session until it ends, and backs off after a failure.
func (d *Destination) run(ctx context.Context) {
	defer close(d.stopped)
	var wait backoff
	for ctx.Err() == nil {
		if !d.buryRefused(ctx) || !d.awaitWork(ctx) {
			continue
		}
		select {
		case <-d.changed: // the configuration that is loaded next has it
		default:
		}
		s := d.config.Load()
		end := d.attempt(ctx, s)
		if end.delivered {
			wait.reset()
		}
		if end.err == nil || ctx.Err() != nil {
			continue
		}
		d.status.failure(d, end)
		if errors.Is(end.err, errUnburied) {
			continue // to buryRefused
		}
		delay := wait.next(s.Options.Delivery.Retry, end.retryAfter)
		if d.draining.Load() {
			delay = max(end.retryAfter, min(delay, drainBackoff))
		}
		d.status.set(Retrying)
		if !d.backOff(ctx, s, end, delay) {
			wait.reset()
		}
	}
	d.status.set(Stopped)
}

// drainBackoff is the longest backoff while the destination drains.
const drainBackoff = time.Second

// Drain makes the destination hurry, because there is a deadline: a backoff that has begun ends now, and later ones are
// short.
func (d *Destination) Drain() {
	d.draining.Store(true)
	if *d.status.phase.Load() == Retrying {
		signal(d.changed)
	}
}

// awaitWork waits until there is something to send.
func (d *Destination) awaitWork(ctx context.Context) bool {
	if d.again.len() > 0 || d.log.Unread(d.number).Events > 0 {
		return true
	}
	select {
	case <-d.wake:
		return true
	case <-d.changed:
	case <-ctx.Done():
	}
	return false
}

// ending is how one attempt, a dial and its session, came to an end.
type ending struct {
	// err is what made it fail; nil if it ended because the configuration changed or the destination stops.
	err        error
	retryAfter time.Duration
	// dialled: it was a session that failed.
	dialled, delivered bool
	// uncertain counts the messages that may have arrived although they are sent again.
	retried, uncertain int
}

// attempt dials and drives one session to its end.
func (d *Destination) attempt(ctx context.Context, s *settings) ending {
	d.status.set(Connecting)
	timeout := s.Options.Delivery.Timeout
	session, err := s.dial(ctx)
	d.status.dials.Add(1)
	if err != nil && s.current.Err() != nil {
		return ending{} // another configuration ended the dial
	}
	if err != nil {
		return ending{err: err, retryAfter: providers.RetryDelay(err)}
	}
	d.status.set(Connected)
	l := newLink(d, s, session)
	l.end.dialled = true
	d.again.begin()
	end := l.drive(ctx)
	d.giveBack(l.failed)
	d.settled(0, 0, d.again.end())
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(timeout, closeTimeout))
	defer cancel()
	if end.err == nil {
		d.status.set(Idle)
	}
	if err := session.Close(closing); err != nil && end.err == nil && ctx.Err() == nil {
		d.logger.Debug("closing the session", "error", err)
	}
	return end
}

// dial dials for as long as the timeout allows and s is in force.
func (s *settings) dial(ctx context.Context) (providers.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Options.Delivery.Timeout)
	defer cancel()
	defer context.AfterFunc(s.current, cancel)()
	session, err := s.Dial(ctx)
	if err == nil && session == nil {
		err = errors.New("the provider returned no session")
	}
	return session, err
}

// closeTimeout bounds a session's farewell.
const closeTimeout = 5 * time.Second

// link is one session in use: the sender fills flights, the settler awaits their outcomes.
type link struct {
	d       *Destination
	s       *settings
	session providers.Session
	free    chan *flight // flights that may be filled; their number is the window
	flights chan *flight // flights in the air, in the order of sending
	broken  context.Context
	breaks  context.CancelCauseFunc

	// The settler's, until it has ended.
	failed []entry
	end    ending
}

func newLink(d *Destination, s *settings, session providers.Session) *link {
	l := &link{
		d: d, s: s, session: session,
		free: make(chan *flight, s.window), flights: make(chan *flight, s.window),
	}
	for range s.window {
		l.free <- &flight{}
	}
	return l
}

// drive sends until the session fails, the configuration changes or ctx ends, and then settles what is in the air.
func (l *link) drive(ctx context.Context) ending {
	l.broken, l.breaks = context.WithCancelCause(ctx)
	defer l.breaks(nil)
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		l.settleAll(ctx)
	}()
	err := l.sendAll()
	close(l.flights)
	<-settled
	if l.end.err == nil {
		l.end.err = err
	}
	return l.end
}

// sendAll keeps the window full of what is pending.
func (l *link) sendAll() error {
	for {
		select {
		case <-l.d.changed: // before anything else is sent
			return nil
		default:
		}
		var f *flight
		select {
		case f = <-l.free:
		case <-l.broken.Done():
			return nil
		case <-l.d.changed:
			return nil
		}
		ready, err := l.load(f)
		if ready { // though there may be an error: then it is of what comes behind
			l.send(f)
		}
		if err != nil {
			return err
		}
		if ready {
			continue
		}
		l.free <- f
		select {
		case <-l.d.wake:
			l.linger()
		case <-l.broken.Done():
			return nil
		case <-l.d.changed:
			return nil
		}
	}
}

func (l *link) send(f *flight) {
	if rest := f.fill(l.s); len(rest) > 0 {
		l.d.giveBack(rest)
	}
	if f.refusal != nil {
		f.sent = providers.Done(providers.Permanent(f.refusal))
		l.flights <- f
		return
	}
	ctx, cancel := l.patience(l.broken, len(f.messages))
	f.sent = l.session.Send(ctx, f.messages)
	cancel()
	if f.sent == nil {
		f.sent = providers.Done(errors.New("the provider returned no flight"))
	}
	l.flights <- f
}

// load takes what is to be sent next into f: what has to be sent again before anything new. It may be ready, with less
// than it could take, and return the error that kept it from taking more.
func (l *link) load(f *flight) (ready bool, err error) {
	if l.broken.Err() != nil {
		return false, nil
	}
	limit := l.d.status.batchLimit(l.s.batch)
	f.entries = l.d.again.take(f.entries[:0], limit)
	n := len(f.entries)
	if n == limit {
		return true, nil
	}
	f.entries, err = l.d.read(f.entries, limit-n, l.s.maxBytes)
	return len(f.entries) > 0, err
}

// linger lets a batch gather while nothing is in the air, if the user asked for it.
func (l *link) linger() {
	d := l.s.Options.Delivery.Linger
	if d == 0 || len(l.free) < cap(l.free) {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		if waits := l.d.log.Unread(l.d.number); waits.Events >= l.s.batch || waits.Bytes >= l.s.maxBytes {
			return
		}
		select {
		case <-timer.C:
			return
		case <-l.d.wake:
		case <-l.broken.Done():
			return
		case <-l.d.changed:
			signal(l.d.changed) // for the one who sends
			return
		}
	}
}
