package evbus

import "time"

// DestinationStats is a snapshot of one destination. Counters count from the start of the hub.
type DestinationStats struct {
	// Name is the destination's identity.
	Name string
	// Provider and Address say what it is and where it leads.
	Provider, Address string
	Phase             Phase
	// Removed: a reload took it out of the file, and what is left of its backlog is still here.
	Removed bool
	// LastError is the newest failure, in the destination's words, and LastErrorAt when that was.
	LastError   string
	LastErrorAt time.Time
	// BacklogEvents and BacklogBytes are accepted and not settled; InFlight of them are sent, or wait to be sent
	// again. Oldest is when the oldest that no send has taken was accepted.
	BacklogEvents int
	BacklogBytes  int64
	InFlight      int
	Oldest        time.Time
	// Delivered counts events, DeliveredBytes what they held in the backlog.
	Delivered, DeliveredBytes int64
	// Retried counts sends that failed and were repeated; of Uncertain ones the event may have arrived twice.
	Retried, Uncertain int64
	// Overtaken counts deliveries that broke the order, because the destination refused an earlier event once.
	Overtaken int64
	// Refused counts the events that became dead letters, DeadLetters how many are kept.
	Refused     int64
	DeadLetters int
	// Dropped counts events that the policy for a full backlog dropped.
	Dropped int64
	// Lost counts events that were accepted and cannot be read any more, because the log is damaged.
	Lost int64
	// Dials counts the sessions that were dialled, successfully or not.
	Dials int64
}

// Stats returns a snapshot.
func (d *Destination) Stats() DestinationStats {
	c, s := d.config.Load(), &d.status
	events, bytes, open := d.backlog.counts()
	stats := DestinationStats{
		Name: d.name, Provider: c.Connection.Provider, Address: c.Connection.Address, Phase: *s.phase.Load(),
		BacklogEvents: events, BacklogBytes: bytes, InFlight: open, Oldest: d.log.Unread(d.number).Oldest,
		Delivered: s.delivered.Load(), DeliveredBytes: s.deliveredBytes.Load(),
		Retried: s.retried.Load(), Uncertain: s.uncertain.Load(), Overtaken: s.overtaken.Load(),
		Refused: s.dead.Load(), DeadLetters: d.dead.count(), Dropped: s.dropped.Load(), Lost: s.lost.Load(), Dials: s.dials.Load(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastErr != nil {
		stats.LastError, stats.LastErrorAt = s.lastErr.Error(), s.lastErrAt
	}
	return stats
}
