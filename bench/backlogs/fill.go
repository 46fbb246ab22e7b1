package backlogs

import (
	"io"
	"log/slog"
	"os"

	"github.com/evhub/evhub/bench/hubs"
	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
)

const (
	// group is how many events are put at a time.
	group = 1000
	// filled is how many a filler writes at a time, which is not measured.
	filled = 10 * group
)

// filler writes a backlog. It leaves the journal as a process that was killed does: its newest segment has no end.
type filler struct {
	journal *journal.Journal
	records []journal.Record
}

// newFiller begins the journal of s for its destination, with events of so many bytes.
func (s *setup) newFiller(body int) (*filler, error) {
	dir := s.journal
	plan, err := hub.NewPlan(s.file, s.options...)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	fs, err := disk.NewOS(dir)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	j, err := journal.Open(dir, journal.Options{FS: unlocked{fs}, SaveEvery: -1, Logger: quiet})
	if err != nil {
		return nil, err
	}
	numbers, err := j.Assign([]string{plan.Destinations[0].Name})
	if err != nil {
		return nil, err
	}
	f := &filler{journal: j}
	sealer := evbus.NewSealer("", 0)
	events := hubs.Events(body, hubs.Opaque)
	for i := range filled {
		r, err := sealer.Seal(evbus.Event(events[i%len(events)]))
		if err != nil {
			return nil, err
		}
		f.records = append(f.records, journal.Record{Destinations: numbers, Data: r.AppendStored(nil)})
	}
	return f, nil
}

// add appends n events, at most those that are written at a time.
func (f *filler) add(n int) error {
	seq := f.journal.LastSeq()
	for i := range f.records[:n] {
		f.records[i].Seq = seq + 1 + uint64(i)
	}
	return f.journal.Append(f.records[:n])
}

// unlocked leaves the journal free for the hub that is measured, though it is never closed.
type unlocked struct{ disk.FS }

func (unlocked) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }
