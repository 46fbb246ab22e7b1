package evbus

import (
	"context"
	"time"

	"github.com/evhub/evhub/providers"
)

// patience returns a context for one Send or Wait of a flight of so many messages. It ends when nothing came for the
// destination's timeout, for each message where each takes a round trip; the time in which the broker asks to wait does
// not count, unless another configuration waits for this session to end.
func (l *link) patience(parent context.Context, messages int) (context.Context, context.CancelFunc) {
	timeout := l.s.Options.Delivery.Timeout
	if l.s.Connection.Caps.OneByOne {
		timeout *= time.Duration(max(1, messages))
	}
	pauser, ok := l.session.(providers.Pauser)
	if !ok {
		return context.WithTimeout(parent, timeout)
	}
	ctx, cancel := context.WithCancelCause(parent)
	var timer *time.Timer
	timer = time.AfterFunc(time.Hour, func() {
		if ctx.Err() == nil && l.s.current.Err() == nil && pauser.Paused() {
			timer.Reset(timeout)
			return
		}
		cancel(context.DeadlineExceeded)
	})
	timer.Reset(timeout)
	return ctx, func() {
		timer.Stop()
		cancel(nil)
	}
}
