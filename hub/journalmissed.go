package hub

import (
	"log/slog"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// missed returns how many events a journal lacks of which nobody knows for whom they were, and who may need some.
func missed(j *journal.Journal) (events int64, by []string) {
	m := j.Missed()
	for _, d := range m.Destinations {
		by = append(by, d.Label())
	}
	return int64(m.Records), by
}

// tellOfMissed logs what a journal lacks.
func tellOfMissed(j *journal.Journal, dir string, logger *slog.Logger) {
	if events, by := missed(j); events > 0 {
		logger.Error("accepted events may be lost: a part of the journal's log is gone or damaged, and what it held may have been for these destinations; "+
			"put the files back if there is a copy, else put again what is known elsewhere (see \"evhub journal verify\")",
			"journal", dir, "events", events, "destinations", by)
	}
}

// passMissed notes that destinations which have had all there is have been told of what the journal lacks.
func (j *openJournal) passMissed(ds []*evbus.Destination) {
	for _, d := range ds {
		if d.Remaining() == 0 {
			j.PassMissed(d.Number())
		}
	}
}
