package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/evhub/evhub/internal/journal/segment"
)

// letters checks the dead letters of all numbers that have a directory.
func (c *check) letters() error {
	numbers, err := c.j.deadNumbers()
	if err != nil {
		return err
	}
	for _, number := range numbers {
		known := slices.ContainsFunc(c.j.Destinations(), func(d Destination) bool { return d.Number == number })
		if !known {
			if err := c.strayLetters(number); err != nil {
				return err
			}
			continue
		}
		for try := 1; ; try++ {
			before := c.Check
			err := c.lettersOf(number)
			if !errors.Is(err, errMoved) || try == maxMoved {
				if err != nil {
					return err
				}
				break
			}
			c.Check = before // rewritten meanwhile: once more
		}
	}
	return nil
}

func (c *check) strayLetters(number uint32) error {
	files, err := c.j.filesIn(letterDir(number))
	if len(files) > 0 {
		c.found(FoundLeftOver, letterDir(number), 0, fmt.Sprintf("%d files of a destination that was dropped", len(files)),
			"delete the directory")
	}
	return err
}

func (c *check) lettersOf(number uint32) error {
	env := deadEnv{fs: c.j.fs, id: c.j.id, log: slog.New(slog.DiscardHandler), readOnly: true}
	d, err := openDeadLetters(env, number)
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		c.found(FoundForeign, refused.Path, 0, refused.Why, "use the evhub that wrote it, or a newer one")
		return nil
	}
	if err != nil {
		return err
	}
	if n := d.found.ForeignSegments; n > 0 {
		c.found(FoundForeign, d.dir, 0, fmt.Sprintf("%d segments of other journals", n), "the next start moves them to quarantine")
	}
	if n := d.found.LostHeaders; n > 0 {
		c.found(FoundHeader, d.dir, 0, fmt.Sprintf("%d segments have a damaged header", n),
			"nothing, where frames are good; else the next start moves them to quarantine")
	}
	c.DeadLetters = c.DeadLetters.Plus(d.Totals())
	for _, s := range d.segments {
		c.DeadSegments++
		bad, err := c.frames(s.name, &logSegment{seed: s.seed}, func(segment.Frame) {})
		if err != nil {
			return err
		}
		for _, r := range bad {
			c.bad(s.name, r, "")
		}
	}
	return nil
}
