package main

// summaryLine is the JSON form of a summary; its keys are stable.
type summaryLine struct {
	Read         int               `json:"read"`
	Accepted     int               `json:"accepted"`
	Refused      int               `json:"refused"`
	Unmatched    int64             `json:"unmatched"`
	Stopped      string            `json:"stopped,omitempty"` // why the rest was not put
	Destinations []destinationLine `json:"destinations"`
	DeadLetters  []letterLine      `json:"dead_letters,omitempty"`
}

type destinationLine struct {
	Destination string `json:"destination"`
	Delivered   int64  `json:"delivered"`
	Dead        int64  `json:"dead"`
	Dropped     int64  `json:"dropped"`
	Remaining   int    `json:"remaining"`
	Retried     int64  `json:"retried"`
	Uncertain   int64  `json:"uncertain"`
	LastError   string `json:"last_error,omitempty"`
}

type letterLine struct {
	ID          string `json:"id"`
	Profile     string `json:"profile"`
	Destination string `json:"destination"`
	Attempts    int    `json:"attempts"`
	Reason      string `json:"reason"`
}

func (s *summary) line() summaryLine {
	l := summaryLine{
		Read: s.read, Accepted: s.accepted, Refused: s.refused, Unmatched: s.stats.Unmatched,
		Destinations: []destinationLine{},
	}
	if s.stuck != nil {
		l.Stopped = s.stuck.Error()
	}
	for _, d := range s.stats.Destinations {
		l.Destinations = append(l.Destinations, destinationLine{
			Destination: d.Name, Delivered: d.Delivered, Dead: d.Refused, Dropped: d.Dropped,
			Remaining: s.remain[d.Name], Retried: d.Retried, Uncertain: d.Uncertain, LastError: d.LastError,
		})
	}
	for _, d := range s.letters {
		l.DeadLetters = append(l.DeadLetters, letterLine{d.Event.ID, d.Event.Profile, d.Destination, d.Attempts, d.Reason})
	}
	return l
}
