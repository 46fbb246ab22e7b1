package main

import "time"

// statusLine is the JSON form of a journal's status; its keys are stable.
type statusLine struct {
	Journal      string        `json:"journal"`
	ID           string        `json:"id"`
	PID          int           `json:"pid,omitempty"`
	Segments     int           `json:"segments"`
	DiskBytes    int64         `json:"disk_bytes"`
	FreeBytes    int64         `json:"free_bytes"` // -1 if that cannot be known
	Quarantined  []string      `json:"quarantined,omitempty"`
	Destinations []backlogLine `json:"destinations"`
}

type backlogLine struct {
	Destination string    `json:"destination"`
	Active      bool      `json:"active"`
	Waiting     int       `json:"waiting"`
	Bytes       int64     `json:"bytes"`
	Oldest      time.Time `json:"oldest,omitzero"`
	Settled     int64     `json:"settled"`              // delivered, dead letters, dropped and lost: a journal does not tell them apart
	PerSecond   *float64  `json:"per_second,omitempty"` // there after a second look
	DeadLetters int       `json:"dead_letters"`
	DeadBytes   int64     `json:"dead_letter_bytes"`
}

func (l *journalLook) line() statusLine {
	line := statusLine{
		Journal: l.Dir, ID: l.ID, PID: l.PID, Segments: l.Segments, DiskBytes: l.DiskBytes, FreeBytes: l.FreeBytes,
		Quarantined: l.Quarantined, Destinations: []backlogLine{},
	}
	for _, d := range l.Destinations {
		b := backlogLine{
			Destination: d.Name, Active: d.Active, Waiting: d.Events, Bytes: d.Bytes, Oldest: d.Oldest, Settled: d.Settled,
			DeadLetters: d.DeadLetters, DeadBytes: d.DeadLetterBytes,
		}
		if rate, ok := l.rate(d); ok {
			b.PerSecond = &rate
		}
		line.Destinations = append(line.Destinations, b)
	}
	return line
}
