package demo

import (
	"slices"

	"github.com/evhub/evhub/hub"
)

// Report is what a demo counted. Its JSON keys are stable.
type Report struct {
	// OK: nothing is missing or out of order, and no event came twice but the one whose answer was lost.
	OK           bool          `json:"ok"`
	Fired        int           `json:"fired"`
	Seconds      float64       `json:"seconds"`
	Destinations []Destination `json:"destinations"`
}

// Destination is one line of a report.
type Destination struct {
	Name    string `json:"destination"`
	Pattern string `json:"pattern"`
	// Sent is how many events were fired whose profile the pattern matches.
	Sent int `json:"sent"`
	// Delivered, Retried and Uncertain are evhub's own words.
	Delivered int64 `json:"delivered"`
	Retried   int64 `json:"retried"`
	Uncertain int64 `json:"uncertain"`
	// The others were counted at the receiver. Arrived counts duplicates too; Unknown are events that nobody fired
	// for it.
	Arrived    int  `json:"arrived"`
	Missing    int  `json:"missing"`
	Duplicates int  `json:"duplicates"`
	Unknown    int  `json:"unknown"`
	InOrder    bool `json:"in_order"`
	// Recognised: every duplicate has the ID of the first. True where IDs are not seen.
	Recognised bool `json:"recognised"`
}

// lostAnswers is how many duplicates each destination may have: one for each answer that its receiver kept back.
var lostAnswers = map[string]int{toWebhook.name: 1}

func (d Destination) ok() bool {
	return d.Missing == 0 && d.Unknown == 0 && d.InOrder && d.Recognised &&
		d.Duplicates <= lostAnswers[d.Name] && d.Delivered == int64(d.Sent)
}

// report compares what was fired with what arrived.
func (s *show) report() Report {
	r := Report{OK: true, Fired: s.fired}
	arrived := map[string][][]byte{
		toStream.name: s.stream.bodies, toWebhook.name: s.webhook.received, toAudit.name: s.fileRead, toConsole.name: s.printed.lines(),
	}
	for _, d := range destinations {
		line := tally(s.expected[d.name], arrived[d.name])
		line.Name, line.Pattern, line.Recognised = d.name, d.pattern, true
		if d == toWebhook {
			line.Recognised = recognised(s.webhook.received, s.webhook.ids)
		}
		i := slices.IndexFunc(s.stats.Destinations, func(of hub.DestinationStats) bool { return of.Name == d.identity })
		if i >= 0 {
			of := s.stats.Destinations[i]
			line.Delivered, line.Retried, line.Uncertain = of.Delivered, of.Retried, of.Uncertain
		}
		r.OK = r.OK && line.ok()
		r.Destinations = append(r.Destinations, line)
	}
	return r
}

// tally compares the events that were fired for a destination with the bodies that its receiver has.
func tally(expected []string, arrived [][]byte) Destination {
	d := Destination{Sent: len(expected), Arrived: len(arrived)}
	known, seen := map[string]bool{}, map[string]bool{}
	for _, e := range expected {
		known[e] = true
	}
	var first []string
	for _, body := range arrived {
		f := fingerprint(body)
		switch {
		case !known[f]:
			d.Unknown++
		case seen[f]:
			d.Duplicates++
		default:
			seen[f] = true
			first = append(first, f)
		}
	}
	d.Missing = len(known) - len(first)
	d.InOrder = inOrder(expected, first)
	return d
}

// inOrder reports whether got is in the order of all.
func inOrder(all, got []string) bool {
	for _, f := range got {
		i := slices.Index(all, f)
		if i < 0 {
			return false
		}
		all = all[i+1:]
	}
	return true
}

// recognised reports whether bodies that are the same have the same ID, and others have others.
func recognised(bodies [][]byte, ids []string) bool {
	ofBody, ofID := map[string]string{}, map[string]string{}
	for i, body := range bodies {
		f, id := fingerprint(body), ids[i]
		known, seen := ofBody[f]
		other, used := ofID[id]
		if seen && known != id || used && other != f || id == "" {
			return false
		}
		ofBody[f], ofID[id] = id, f
	}
	return true
}
