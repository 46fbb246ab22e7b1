package evbus

import (
	"slices"
	"strings"
	"time"
)

// Event is what a caller puts. Package hub documents its fields.
type Event struct {
	Profile     string
	Body        any
	Tags        any
	RunName     string
	Key         string
	ID          string
	Time        time.Time
	TraceParent string
	Position    string
}

// Record is a sealed event: validated, encoded once, and from then on immutable and shared by all its destinations.
type Record struct {
	// Seq numbers the records of a hub, rising by one. It is assigned when the record is accepted.
	Seq uint64
	// Destinations are the numbers of the destinations that the record is for.
	Destinations []uint32

	ID, Profile, RunName, Key, TraceParent string
	Time                                   time.Time
	// Tags is a JSON object and Data a JSON value, both in Idem's spelling.
	Tags, Data []byte
	// Opaque: Data is not JSON but bytes that nothing looks into.
	Opaque bool

	accepted time.Time
	timeText string // Time as CloudEvents spells it
	size     int64
	page     *Page // whose memory it is; nil: nobody uses it again
}

// What a record costs beside what is stored of it, in bytes: in memory, and in a journal.
const (
	MemoryOverhead  = 256
	JournalOverhead = 64
)

// Size returns the bytes that the record counts in a backlog.
func (r *Record) Size() int64 { return r.size }

// Accepted returns when the record was sealed.
func (r *Record) Accepted() time.Time { return r.accepted }

// orderingKey is the key within which the record keeps its place.
func (r *Record) orderingKey() string {
	if r.Key != "" {
		return r.Key
	}
	return r.Profile
}

// For returns a copy of r, without a Seq, for destination number alone.
func (r *Record) For(number uint32) *Record {
	return &Record{
		Destinations: []uint32{number},
		ID:           r.ID, Profile: r.Profile, RunName: r.RunName, Key: r.Key, TraceParent: r.TraceParent, Time: r.Time,
		Tags: r.Tags, Data: r.Data, Opaque: r.Opaque, accepted: time.Now(),
		timeText: r.timeText, size: r.size,
	}
}

// alone returns a copy of r that keeps no memory of other records.
func (r *Record) alone() *Record {
	c := *r
	c.page = nil
	for _, text := range []*string{&c.ID, &c.timeText, &c.Profile, &c.RunName, &c.Key, &c.TraceParent} {
		*text = strings.Clone(*text)
	}
	text := slices.Concat(r.Tags, r.Data)
	tags := len(r.Tags)
	c.Tags, c.Data = text[:tags:tags], text[tags:]
	return &c
}

// Event returns the record as the event that it was sealed from; Body and Tags are JSON text, or []byte if opaque.
func (r *Record) Event() Event {
	e := Event{
		Profile: r.Profile, RunName: r.RunName, Key: r.Key, ID: r.ID, Time: r.Time, TraceParent: r.TraceParent,
		Tags: rawJSON(r.Tags),
	}
	if r.Opaque {
		e.Body = append([]byte(nil), r.Data...)
	} else {
		e.Body = rawJSON(r.Data)
	}
	return e
}
