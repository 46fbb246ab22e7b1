package journal

import (
	"fmt"
	"log/slog"
	"slices"
)

// tell logs what Open has found. What no table tells the destinations of is told by Missed.
func (j *Journal) tell() {
	r := j.recovery
	for _, d := range j.Destinations() {
		if slices.Contains(r.LostCursors, d.Number) {
			j.log.Warn("journal: how far a destination has come is damaged or missing; it goes on at the oldest event that may be open, so events come again",
				"destination", d.Label(), "file", cursorFileName)
		}
	}
	if r.LostIdentity {
		j.log.Warn("journal: the file that names it was damaged or missing; the id is taken from the segments, if one has it",
			"file", identityFile, "id", j.ID())
	}
	if attrs := r.attrs(); len(attrs) > 0 {
		j.log.Warn("journal: not all is as it was left; \"evhub journal verify\" says more", attrs...)
	}
}

// attrs is what is wrong with the log's files, as far as it is not told of each by name.
func (r Recovery) attrs() (attrs []any) {
	for _, a := range []struct {
		name string
		n    uint64
	}{
		{"damaged_places", uint64(r.BadFrames)}, {"damaged_bytes", uint64(r.BadBytes)}, {"lost_records", r.LostRecords},
		{"missing_segments", uint64(r.MissingSegments)}, {"foreign_segments", uint64(r.ForeignSegments)},
		{"damaged_headers", uint64(r.LostHeaders)}, {"damaged_tables", uint64(r.LostTables)},
	} {
		if a.n > 0 {
			attrs = append(attrs, slog.Uint64(a.name, a.n))
		}
	}
	if len(attrs) > 0 && len(r.Quarantined) > 0 {
		attrs = append(attrs, slog.Any("copies", r.Quarantined))
	}
	return attrs
}

// Label names a destination for people; one whose name was lost with the log has its number alone.
func (d Destination) Label() string { return naming(d.Number, d.Name) }

func naming(number uint32, name string) string {
	if name == "" {
		return fmt.Sprintf("#%d", number)
	}
	return name
}
