package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evhub/evhub/hub"
)

// letterLine is the JSON form of a dead letter; its keys are stable.
type letterLine struct {
	ID          string    `json:"id"`
	Profile     string    `json:"profile"`
	Destination string    `json:"destination"`
	Attempts    int       `json:"attempts"`
	Reason      string    `json:"reason"`
	Time        time.Time `json:"time"`
}

func newLetterLine(l hub.DeadLetter) letterLine {
	return letterLine{l.Event.ID, l.Event.Profile, l.Destination, l.Attempts, l.Reason, l.Time}
}

// reasonWidth is how much of a reason the list has.
const reasonWidth = 80

func listLetters(o *options, letters iter.Seq2[hub.DeadLetter, error]) error {
	n := 0
	var rows *table
	if !o.json() {
		rows = newTable(o.console.out, "DESTINATION", "TIME", "ATTEMPTS", "ID", "PROFILE", "REASON")
	}
	for l, err := range letters {
		if err != nil {
			return err
		}
		n++
		if rows == nil {
			if err := o.console.printJSON(newLetterLine(l)); err != nil {
				return err
			}
			continue
		}
		rows.row(visible(l.Destination), l.Time.Local().Format(time.DateTime), strconv.Itoa(l.Attempts), visible(l.Event.ID),
			visible(l.Event.Profile), shorten(visible(l.Reason), reasonWidth))
	}
	if rows != nil {
		if n > 0 {
			rows.flush()
		}
		fmt.Fprintln(o.console.err, count(n, "dead letter"))
	}
	return nil
}

// damagedLetters says which letters the list does not have, because they cannot be read.
func damagedLetters(j *hub.Journal, destination string) error {
	damaged, err := j.DamagedLetters(destination)
	faults := []error{err}
	for _, d := range damaged {
		faults = append(faults, fmt.Errorf("dead letters of %s cannot be read and are not listed: %s at least (%s, %s; see \"evhub journal verify\")",
			visible(d.Destination), count(d.Letters, "letter"), count(d.Places, "bad place"), count(d.Files, "bad file")))
	}
	return errors.Join(faults...)
}

// shownLetter is the JSON form of a dead letter as a whole.
type shownLetter struct {
	letterLine
	Event eventLine `json:"event"`
}

// showLetters prints the letters with their events. An event may be a dead letter at several destinations.
func showLetters(o *options, letters iter.Seq2[hub.DeadLetter, error], ids []string) error {
	missing := slices.Clone(ids)
	for l, err := range letters {
		if err != nil {
			return err
		}
		missing = slices.DeleteFunc(missing, func(id string) bool { return id == l.Event.ID })
		if o.json() {
			err = o.console.printJSON(shownLetter{newLetterLine(l), newEventLine(hub.Event(l.Event))})
		} else {
			_, err = fmt.Fprint(o.console.out, letterText(o.console.out.style, l))
		}
		if err != nil {
			return err
		}
	}
	return noSuchLetters(missing)
}

func letterText(s style, l hub.DeadLetter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", eventHeading(s, hub.Event(l.Event), time.DateTime))
	fmt.Fprintf(&b, "  at       %s\n", visible(l.Destination))
	fmt.Fprintf(&b, "  refused  %s, after %s\n", l.Time.Local().Format(time.DateTime), count(l.Attempts, "attempt"))
	fmt.Fprintf(&b, "  reason   %s\n", s.failure(visible(l.Reason)))
	fmt.Fprintf(&b, "  tags     %s\n", jsonText(l.Event.Tags))
	fmt.Fprintf(&b, "  body     %s\n", jsonText(l.Event.Body))
	return b.String()
}
