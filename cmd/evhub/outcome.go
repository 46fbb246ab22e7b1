package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evhub/evhub/hub"
)

// outcome is what the destinations of a hub came to.
type outcome struct {
	// journal is the directory of the hub's journal, "" for none.
	journal string
	stats   hub.Stats
	// kept are the undelivered events that are in the journal, lost those that are not.
	kept, lost map[string]int
	letters    *letterBox
	// orphans are destinations that are not in the acct file, with what the journal has of them.
	orphans []hub.DestinationStats
	// fault is what else was wrong when the hub closed.
	fault error
}

func newOutcome(journal string) outcome {
	return outcome{journal: journal, letters: &letterBox{most: mostLetters(journal)}}
}

// hooks gather what the stats do not say.
func (o *outcome) hooks() hub.Hooks { return hub.Hooks{Dead: o.letters.add} }

func (o *outcome) take(stats hub.Stats, closing error) {
	o.stats = stats
	o.stats.Destinations, o.orphans = served(stats.Destinations)
	for _, err := range parted(closing) {
		if remaining, ok := errors.AsType[*hub.RemainingError](err); ok {
			o.kept, o.lost = remaining.Kept, remaining.Lost
		} else {
			o.fault = errors.Join(o.fault, err)
		}
	}
}

// served parts the destinations of the acct file from what a journal has for others.
func served(ds []hub.DestinationStats) (ours, orphans []hub.DestinationStats) {
	for _, d := range ds {
		switch {
		case !d.Removed:
			ours = append(ours, d)
		case d.BacklogEvents+d.DeadLetters > 0:
			orphans = append(orphans, d)
		}
	}
	return ours, orphans
}

// parted returns the errors that are joined in err.
func parted(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // what errors.Join has made
		return joined.Unwrap()
	}
	return []error{err}
}

// printTroubles says which events are not delivered, and why.
func (o *outcome) printTroubles(w *stream) {
	o.letters.print(w)
	for _, name := range slices.Sorted(maps.Keys(o.lost)) {
		fmt.Fprintf(w, "%s %s for %s%s\n", w.style.failure("undelivered:"), count(o.lost[name], "event"), visible(name), o.lastError(name))
	}
	for _, name := range slices.Sorted(maps.Keys(o.kept)) {
		fmt.Fprintf(w, "%s %s for %s in the journal %s%s\n", w.style.warning("kept:"), count(o.kept[name], "event"), visible(name), visible(o.journal), o.lastError(name))
	}
	for _, d := range o.stats.Destinations {
		if d.Lost > 0 {
			fmt.Fprintf(w, "%s %s for %s, as the journal is damaged (see \"evhub journal verify\")\n", w.style.failure("lost:"), count(int(d.Lost), "event"), visible(d.Name))
		}
	}
	if j := o.stats.Journal; j != nil && j.Missed > 0 {
		fmt.Fprintf(w, "%s %s at the end of the journal %s, which may have been for %s (see \"evhub journal verify\")\n",
			w.style.failure("lost:"), count(int(j.Missed), "event"), visible(o.journal), visible(strings.Join(j.MissedBy, ", ")))
	}
	for _, d := range o.waitingOrphans() {
		printOrphan(w, d)
	}
	if o.fault != nil {
		fmt.Fprintf(w, "%s %s\n", w.style.failure("journal:"), indented(o.fault.Error()))
	}
}

// waitingOrphans are the orphans for which events wait; the others have only dead letters, which nobody has to care for
// at once.
func (o *outcome) waitingOrphans() (waiting []hub.DestinationStats) {
	for _, d := range o.orphans {
		if d.BacklogEvents > 0 {
			waiting = append(waiting, d)
		}
	}
	return waiting
}

func printOrphan(w *stream, d hub.DestinationStats) {
	fmt.Fprintf(w, "%s %s for %s, which is not in the acct file: %s\n", w.style.warning("orphaned:"),
		holdings(d.BacklogEvents, d.DeadLetters), visible(d.Name), cureOfOrphan(d.Name))
}

// cureOfOrphan says what can be done with what waits for a destination that nobody serves.
func cureOfOrphan(name string) string {
	return fmt.Sprintf("evhub journal adopt %s TO, or evhub journal drop %s", quotedName(name), quotedName(name))
}

// lastError says why a destination takes nothing.
func (o *outcome) lastError(name string) string {
	for _, d := range o.stats.Destinations {
		if d.Name == name && d.LastError != "" {
			return ": " + visible(d.LastError)
		}
	}
	return ""
}

// damaged reports whether the journal has lost something.
func (o *outcome) damaged() bool {
	return o.fault != nil || o.stats.Journal != nil && o.stats.Journal.Missed > 0 || o.total(func(d hub.DestinationStats) int64 { return d.Lost }) > 0
}

func delivered(d hub.DestinationStats) int64 { return d.Delivered }
func dropped(d hub.DestinationStats) int64   { return d.Dropped }

// total adds up a number of all destinations.
func (o *outcome) total(of func(hub.DestinationStats) int64) (n int64) {
	for _, d := range o.stats.Destinations {
		n += of(d)
	}
	return n
}

// parts spells the numbers that are not zero.
func (o *outcome) parts() (parts []string) {
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(o.total(delivered), "delivered")
	add(o.total(dropped), "dropped by policy")
	if o.letters.count > 0 {
		parts = append(parts, count(o.letters.count, "dead letter"))
	}
	add(sum(o.kept), "kept in the journal")
	add(sum(o.lost), "undelivered")
	return parts
}

func sum(events map[string]int) (n int64) {
	for _, m := range events {
		n += int64(m)
	}
	return n
}

// outcomeLine is the JSON form of an outcome; its keys are stable.
type outcomeLine struct {
	Journal      string            `json:"journal,omitempty"`
	Fault        string            `json:"fault,omitempty"` // what is wrong with the journal
	Destinations []destinationLine `json:"destinations"`
	Missed       *missedLine       `json:"missed,omitempty"`
	Orphans      []orphanLine      `json:"orphans,omitempty"`
	DeadLetters  []letterLine      `json:"dead_letters,omitempty"`
}

// missedLine says how many accepted events the end of the journal's log lacks, and which destinations may need some.
type missedLine struct {
	Events  int64    `json:"events"`
	MayMiss []string `json:"may_miss"`
}

// orphanLine says what the journal has of a destination that is not in the acct file.
type orphanLine struct {
	Destination string `json:"destination"`
	Remaining   int    `json:"remaining"`
	DeadLetters int    `json:"dead_letters,omitempty"`
}

// destinationLine says what became of the events of one destination. Remaining are undelivered, and of these Kept are
// in the journal. Lost could not be read from a damaged one.
type destinationLine struct {
	Destination string `json:"destination"`
	Delivered   int64  `json:"delivered"`
	Dead        int64  `json:"dead"`
	Dropped     int64  `json:"dropped"`
	Remaining   int    `json:"remaining"`
	Kept        int    `json:"kept,omitempty"`
	Lost        int64  `json:"lost,omitempty"`
	Retried     int64  `json:"retried"`
	Uncertain   int64  `json:"uncertain"`
	LastError   string `json:"last_error,omitempty"`
}

func (o *outcome) line() outcomeLine {
	l := outcomeLine{Journal: o.journal, Destinations: []destinationLine{}}
	if o.fault != nil {
		l.Fault = o.fault.Error()
	}
	if j := o.stats.Journal; j != nil && j.Missed > 0 {
		l.Missed = &missedLine{j.Missed, j.MissedBy}
	}
	for _, d := range o.stats.Destinations {
		l.Destinations = append(l.Destinations, destinationLine{
			Destination: d.Name, Delivered: d.Delivered, Dead: d.Refused, Dropped: d.Dropped,
			Remaining: o.kept[d.Name] + o.lost[d.Name], Kept: o.kept[d.Name], Lost: d.Lost,
			Retried: d.Retried, Uncertain: d.Uncertain, LastError: d.LastError,
		})
	}
	for _, d := range o.orphans {
		l.Orphans = append(l.Orphans, orphanLine{d.Name, d.BacklogEvents, d.DeadLetters})
	}
	for _, d := range o.letters.letters {
		l.DeadLetters = append(l.DeadLetters, newLetterLine(d))
	}
	return l
}
