package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/evhub/evhub/internal/journal/segment"
)

// FindingKind sorts what Verify finds.
type FindingKind string

// The kinds of findings. A torn tail and what is left over are harmless; the others are damage.
const (
	FoundTorn     FindingKind = "torn tail"
	FoundLeftOver FindingKind = "left over"
	FoundDamage   FindingKind = "damaged bytes"
	FoundHeader   FindingKind = "lost header"
	FoundTable    FindingKind = "lost table"
	FoundForeign  FindingKind = "foreign file"
	FoundMissing  FindingKind = "missing records"
	FoundCursor   FindingKind = "lost cursor"
	FoundCount    FindingKind = "wrong count"
)

// Finding is something in a journal that is not as it should be.
type Finding struct {
	Kind   FindingKind
	File   string // in the journal's directory
	Offset int64  // in the file; 0 if it is about all of it
	What   string // is wrong
	Cure   string // what happens or can be done about it
}

// Harmless reports whether nothing that was accepted is lost or delivered again because of it.
func (f Finding) Harmless() bool { return f.Kind == FoundTorn || f.Kind == FoundLeftOver }

// Check is what Verify has looked at, and found.
type Check struct {
	Segments     int // of the log
	Frames       int // good ones, in the log and the dead letters
	Records      Totals
	DeadSegments int
	DeadLetters  Totals // that are kept
	Cursors      int    // that can be read
	Bytes        int64  // of all files that were read
	Findings     []Finding
}

// Clean reports whether there is nothing that matters.
func (c Check) Clean() bool {
	for _, f := range c.Findings {
		if !f.Harmless() {
			return false
		}
	}
	return true
}

// check is a Verify that is going on.
type check struct {
	Check
	j        *Journal
	ctx      context.Context
	progress func(done, all int64)
	all      int64
	inUse    bool // another process may be writing to the newest segments
}

// Verify reads everything that the journal has on disk and checks it: each frame of the log and of the dead letters, the
// tables, the cursors, and whether records are missing in between. It changes nothing and can be called for a journal
// that is in use. Progress, if it is not nil, is told how many of how many bytes are read. An error says that the check
// could not be finished; what is wrong with the journal is no error.
func (j *Journal) Verify(ctx context.Context, progress func(done, all int64)) (Check, error) {
	c := &check{j: j, ctx: ctx, progress: progress}
	if c.progress == nil {
		c.progress = func(int64, int64) {}
	}
	err := c.run(c.measure, c.identity, c.log, c.cursors, c.letters, c.quarantine)
	if err == nil {
		all := max(c.all, c.Bytes)
		c.progress(all, all) // with what is passed over
	}
	return c.Check, err
}

// Unreadable reads the log and returns what Verify would find of records that cannot be read, and that Entries passes
// over.
func (j *Journal) Unreadable(ctx context.Context) (findings []Finding, err error) {
	c := &check{j: j, ctx: ctx, progress: func(int64, int64) {}}
	err = c.run(c.log)
	for _, f := range c.Findings {
		if f.Kind == FoundDamage || f.Kind == FoundMissing || f.Kind == FoundCount {
			findings = append(findings, f)
		}
	}
	return findings, err
}

// run does the steps of a check.
func (c *check) run(steps ...func() error) error {
	holder, err := c.j.holder()
	if err != nil {
		return err
	}
	c.inUse = holder != nil || !c.j.readOnly
	for _, step := range steps {
		if err := errors.Join(step(), c.ctx.Err()); err != nil {
			return fmt.Errorf("journal: verify: %w", err)
		}
	}
	return nil
}

func (c *check) found(kind FindingKind, file string, offset int64, what, cure string) {
	c.Findings = append(c.Findings, Finding{kind, file, offset, what, cure})
}

// measure sums up what there is to read.
func (c *check) measure() error {
	files, err := c.j.filesIn(logDir)
	if err != nil {
		return err
	}
	c.all = sizeOf(files)
	numbers, err := c.j.deadNumbers()
	for _, n := range numbers {
		files, failed := c.j.filesIn(letterDir(n))
		err = errors.Join(err, failed)
		c.all += sizeOf(files)
	}
	c.progress(0, c.all)
	return err
}

// identity says what Open has said of the file that names the journal.
func (c *check) identity() error {
	if c.j.Recovery().LostIdentity {
		c.found(FoundHeader, identityFile, 0, "it was damaged or missing when the journal was opened",
			"the id is taken from the segments, and the file is written again when a program opens the journal to use it")
	}
	return nil
}

func (c *check) quarantine() error {
	files, err := c.j.filesIn(quarantineDir)
	for _, f := range files {
		c.found(FoundLeftOver, quarantineDir+"/"+f.Name, 0, fmt.Sprintf("%d bytes that were found damaged before", f.Size),
			"delete it when nobody wants to look at it any more")
	}
	return err
}

// badRange is a range without a good frame. One before the last frame that begins a group is damage; one behind it is a
// torn tail, or is being written just now.
type badRange struct {
	segment.Range
	damage bool
}

// frames scans a file, gives its good frames to each, and returns the bad ranges.
func (c *check) frames(name string, s *logSegment, each func(segment.Frame)) (bad []badRange, err error) {
	file, err := c.j.fs.OpenRead(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errMoved
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	if replacedSince(file, s.seed) {
		return nil, errMoved
	}
	begin := c.Bytes
	sure := int64(0)
	scan := s.scan(file, size)
	for n := 1; scan.Next(); n++ {
		f := scan.Frame()
		c.Frames++
		if f.Flags&segment.First != 0 {
			sure = f.Offset
		}
		each(f)
		if n%256 == 0 {
			if c.ctx.Err() != nil {
				return nil, c.ctx.Err()
			}
			c.progress(begin+f.Offset, max(c.all, begin+size))
		}
	}
	if replacedSince(file, s.seed) {
		return nil, errMoved
	}
	c.Bytes = begin + size
	c.progress(c.Bytes, max(c.all, c.Bytes))
	for _, r := range scan.Bad() {
		bad = append(bad, badRange{r, s.sealed || r.Offset < sure})
	}
	return bad, scan.Err()
}

// bad tells of a bad range; held is what is known to have been in it.
func (c *check) bad(name string, r badRange, held string) {
	switch what := fmt.Sprintf("%d bytes hold no good frame%s", r.Length, held); {
	case r.damage:
		c.found(FoundDamage, name, r.Offset, what, "what they held is lost and is counted when it should be delivered; "+
			"the bytes are copied to quarantine then. See whether the disk is failing")
	case !c.inUse:
		c.found(FoundTorn, name, r.Offset, what, "they were never acknowledged; the next start cuts them off")
	}
}
