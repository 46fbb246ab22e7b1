package journal

import "time"

// Recovery is what Open found that was not as it should be, and what it did about it.
type Recovery struct {
	// TornBytes were cut off the newest segment: the rest of a group that was being written when the process or the
	// machine stopped, and that was never acknowledged.
	TornBytes int64
	// BadFrames is how many ranges of bytes held no good frame, BadBytes how much they are.
	BadFrames int
	BadBytes  int64
	// LostRecords is how many Seqs are missing in the newest segment, or between the end of the log and the furthest
	// cursor.
	LostRecords uint64
	// MissedRecords is how many of them some destination may still need though no table says for whom they were, and
	// MissedBy the numbers of the destinations whose cursor is not beyond the last of them. What a table does say is told
	// to each Reader. The next record or table ends it: so it is told before that.
	MissedRecords uint64
	MissedBy      []uint32
	// Quarantined are the copies of what was bad, in the journal's directory.
	Quarantined []string
	// LostCursors are the numbers whose cursor could not be read: their destinations begin at the oldest record that
	// may not be settled, so they get some again.
	LostCursors []uint32
	// MissingSegments is how many gaps there are between segments.
	MissingSegments int
	// ForeignSegments is how many segments of other journals were put into quarantine.
	ForeignSegments int
	// LostHeaders is how many segments have a damaged header, and LostTables how many a damaged first table.
	LostHeaders, LostTables int
	// LostIdentity: the file JOURNAL was damaged or missing. The id is that of most segments, or a new one if no segment
	// has one, and the file is written again.
	LostIdentity bool
}

// Clean reports whether nothing was wrong. What the end of a process leaves behind is nothing wrong.
func (r Recovery) Clean() bool {
	return r.BadFrames == 0 && r.LostRecords == 0 && r.MissedRecords == 0 && len(r.LostCursors) == 0 && r.MissingSegments == 0 &&
		r.ForeignSegments == 0 && r.LostHeaders == 0 && r.LostTables == 0 && !r.LostIdentity
}

// lacksRecords reports whether records seem to be missing.
func (r Recovery) lacksRecords() bool {
	return r.LostRecords > 0 || r.MissedRecords > 0 || r.MissingSegments > 0
}

// Stats is a snapshot of a journal.
type Stats struct {
	Segments  int   // of the log
	DiskBytes int64 // that the log takes, with what is prepared for the newest segment
	// Compactions is how many segments were rewritten or merged, Unlinked how many were removed, since Open.
	Compactions, Unlinked uint64
	// Reused is how many segments were written over the files of older ones, since Open.
	Reused uint64
	// InPlace is how many groups were written from where they had been encoded, since Open.
	InPlace uint64
	// BadFrames and BadBytes is damage that was found since Open, by readers too.
	BadFrames, BadBytes uint64
	// ReadErrors, WriteErrors and CursorErrors count what the disk refused, but for want of room.
	ReadErrors, WriteErrors, CursorErrors uint64
	// NoRoomSince is when Append first failed for want of room and has since; zero: it has not.
	NoRoomSince time.Time
}
