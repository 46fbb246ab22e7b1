package hub

import (
	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// findOrphans looks for what the journal has for destinations that are not in the acct file. It logs the events: they
// wait, and nobody delivers them. Dead letters only lie there.
func (h *Hub) findOrphans() {
	h.journal.orphaned = map[uint32]*journal.DeadLetters{}
	for _, d := range h.journal.Destinations() {
		if d.Active {
			continue
		}
		// Opened now, as a journal that is closed opens none, and what a hub leaves is told when it has closed.
		letters, err := h.journal.DeadLetters(d.Number)
		if err != nil {
			h.logger.Warn("the dead letters of a destination that is not in the acct file cannot be counted", "destination", d.Name, "error", err)
			continue
		}
		h.journal.orphaned[d.Number] = letters
	}
	for _, d := range h.orphans(nil) {
		if d.BacklogEvents > 0 {
			h.logger.Warn("the journal holds events for a destination that is not in the acct file; they are kept until it is, "+
				"or until evhub journal adopt|drop", "destination", d.Name, "events", d.BacklogEvents, "bytes", d.BacklogBytes)
		}
	}
}

// orphans returns the destinations that the journal has events or dead letters of and that are not among known.
func (h *Hub) orphans(known []DestinationStats) (all []DestinationStats) {
	names := map[string]bool{}
	for _, d := range known {
		names[d.Name] = true
	}
	for _, d := range h.journal.Destinations() {
		if d.Active || names[d.Name] {
			continue
		}
		letters := 0
		if of := h.journal.orphaned[d.Number]; of != nil {
			letters = int(of.Totals().Events)
		}
		if waiting := d.Accepted.Minus(d.Done.Totals); waiting.Events > 0 || letters > 0 {
			events, bytes := inBacklog(waiting)
			all = append(all, DestinationStats{
				Name: d.Name, Phase: evbus.Stopped, Removed: true, BacklogEvents: events, BacklogBytes: bytes, Oldest: d.Oldest,
				DeadLetters: letters,
			})
		}
	}
	return all
}
