package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evhub/evhub/hub"
)

// letterChoice is what a command that changes dead letters is about to change.
type letterChoice struct {
	count int
	// missing are ids that were given and that no dead letter has.
	missing []string
	// orphans are the destinations among theirs that were not in the acct file that was used last.
	orphans []string
	// narrowed: flags choose among the letters with these ids.
	narrowed bool
}

// chooseLetters looks at what f chooses before something is done to it: afterwards the letters are gone.
func chooseLetters(j *hub.Journal, f hub.DeadFilter) (c letterChoice, err error) {
	c.missing = slices.Clone(f.IDs)
	c.narrowed = f.Destination+f.Profile+f.Reason != "" || !f.Since.IsZero() || !f.Until.IsZero()
	status, err := j.Status()
	if err != nil {
		return c, err
	}
	active := map[string]bool{}
	for _, d := range status.Destinations {
		active[d.Name] = d.Active
	}
	for l, err := range j.DeadLetters(f) {
		if err != nil {
			return c, err
		}
		c.count++
		c.missing = slices.DeleteFunc(c.missing, func(id string) bool { return id == l.Event.ID })
		if !active[l.Destination] && !slices.Contains(c.orphans, l.Destination) {
			c.orphans = append(c.orphans, l.Destination)
		}
	}
	return c, nil
}

// fault is an error if there are ids that no dead letter has.
func (c *letterChoice) fault() error {
	if c.narrowed && len(c.missing) > 0 {
		return fmt.Errorf("%w that the flags choose", noSuchLetters(c.missing))
	}
	return noSuchLetters(c.missing)
}

func noSuchLetters(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	return errors.New("no dead letter with the id " + strings.Join(missing, ", "))
}

// hint says who delivers the letters that are put into the journal again.
func (c *letterChoice) hint() string {
	if len(c.orphans) > 0 {
		return "queued again; \"evhub drain\" delivers those whose destination is in its acct file"
	}
	return "queued again; \"evhub drain\" delivers them"
}

// tellOfOrphans says what has those delivered whose destination nobody serves.
func (c *letterChoice) tellOfOrphans(w *stream) {
	for _, name := range c.orphans {
		fmt.Fprintf(w, "%s %s was not in the acct file that was used last: use one that has it, or %s\n", w.style.warning("orphaned:"), visible(name), cureOfOrphan(name))
	}
}
