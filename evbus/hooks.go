package evbus

// Hooks are called as events move, for counters. Each may be nil. They are called from the goroutines that deliver,
// possibly at the same time, so they must be fast and safe for concurrent use. One that fires an event
// does so with PutNowait: Put may wait for the goroutine that has called the hook.
type Hooks struct {
	// Accepted: an event was accepted for so many destinations; 0 means that nothing matched its profile.
	Accepted func(profile string, destinations int)
	// Delivered: so many events, with so many bytes in the backlog, were delivered.
	Delivered func(destination string, events int, bytes int64)
	// Retried: so many events will be sent again, for the reason err.
	Retried func(destination string, events int, err error)
	// Dead: an event became a dead letter.
	Dead func(destination string, letter DeadLetter)
	// Dropped: the policy for a full backlog dropped so many events.
	Dropped func(destination string, events int)
	// Lost: so many events were accepted and cannot be read any more, because the log is damaged.
	Lost func(destination string, events int)
}

// Event calls Accepted.
func (h *Hooks) Event(profile string, destinations int) {
	if h != nil && h.Accepted != nil {
		h.Accepted(profile, destinations)
	}
}

func (h *Hooks) delivered(destination string, events int, bytes int64) {
	if h != nil && h.Delivered != nil {
		h.Delivered(destination, events, bytes)
	}
}

func (h *Hooks) retried(destination string, events int, err error) {
	if h != nil && h.Retried != nil {
		h.Retried(destination, events, err)
	}
}

func (h *Hooks) dead(destination string, l *Letter) {
	if h != nil && h.Dead != nil {
		h.Dead(destination, NewDeadLetter(destination, l))
	}
}

func (h *Hooks) dropped(destination string, events int) {
	if h != nil && h.Dropped != nil {
		h.Dropped(destination, events)
	}
}

func (h *Hooks) lost(destination string, events int) {
	if h != nil && h.Lost != nil {
		h.Lost(destination, events)
	}
}
