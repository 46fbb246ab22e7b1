package faultproxy

import "sync/atomic"

// Stats counts what a proxy has done since New.
type Stats struct {
	// Accepted is how many connections clients opened; Open is how many of them there still are.
	Accepted, Open int
	// Up and Down are the bytes forwarded to the target and to clients; Dropped those thrown away.
	Up, Down, Dropped int64
	// Cuts is how many connections CutUp, CutDown and CutWithin ended.
	Cuts int
}

type counters struct {
	accepted, up, down, dropped, cuts atomic.Int64
}

// Stats returns the counts of this moment.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	open := len(p.links)
	p.mu.Unlock()
	return Stats{
		Accepted: int(p.stats.accepted.Load()),
		Open:     open,
		Up:       p.stats.up.Load(),
		Down:     p.stats.down.Load(),
		Dropped:  p.stats.dropped.Load(),
		Cuts:     int(p.stats.cuts.Load()),
	}
}
