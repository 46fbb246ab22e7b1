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

	undelivered func(d *Destination, r *Record, reason string)
}

// OnUndelivered has f called as well for each event that a destination does without for good, as it became a dead letter
// or was dropped. It is called before any destination that has h is started.
func (h *Hooks) OnUndelivered(f func(d *Destination, r *Record, reason string)) { h.undelivered = f }

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

func (h *Hooks) dead(d *Destination, l *Letter) {
	if h != nil && h.Dead != nil {
		h.Dead(d.name, NewDeadLetter(d.name, l))
	}
	if h != nil && h.undelivered != nil {
		h.undelivered(d, l.Record, l.Reason)
	}
}

func (h *Hooks) dropped(d *Destination, records []*Record) {
	if h != nil && h.Dropped != nil {
		h.Dropped(d.name, len(records))
	}
	if h != nil && h.undelivered != nil {
		policy := d.Config().Options.Delivery.OnFull
		for _, r := range records {
			h.undelivered(d, r, "the backlog is full, and on_full is "+string(policy))
		}
	}
}

func (h *Hooks) lost(destination string, events int) {
	if h != nil && h.Lost != nil {
		h.Lost(destination, events)
	}
}
