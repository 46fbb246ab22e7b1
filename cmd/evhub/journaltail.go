package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

func newJournalTail(o *options) *cobra.Command {
	var journal journalFlags
	t := tail{o: o, journal: &journal}
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Show the newest events of a journal, a line for each",
		Long: `Show the newest events of a journal, a line for each: when, profile, id, where it goes (destinations that do not have
it yet are marked), and the beginning of its body. Events that every destination has go from the journal sometime.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if t.newest < 0 {
				return usageError(fmt.Errorf("--lines must not be negative"))
			}
			t.cmd = cmd
			return t.run(cmd.Context())
		},
	}
	journal.addDir(cmd, thereJournal)
	cmd.Flags().IntVarP(&t.newest, "lines", "n", 10, "how many events")
	cmd.Flags().BoolVar(&t.follow, "follow", false, "then go on with those that come, until interrupted")
	return cmd
}

// tail shows the newest events.
type tail struct {
	o       *options
	cmd     *cobra.Command
	journal *journalFlags
	newest  int
	follow  bool
	shown   uint64 // the Seq of the last event that was shown
}

// followEvery is how long an event may wait to be shown.
const followEvery = 300 * time.Millisecond

func (t *tail) run(ctx context.Context) error {
	signals := notifySignals(ctx)
	defer signals.stop()
	err := t.o.reading(t.journal, t.cmd, func(j *hub.Journal) error { return t.showNewest(signals.asked, j) })
	for t.follow && err == nil && wait(signals.asked, followEvery) == nil {
		err = t.o.with(t.journal, t.cmd, t.o.readQuietly, func(j *hub.Journal) error { return t.showNew(signals.asked, j) })
	}
	return err // the end of a tail that was to follow is not a failure
}

// showNewest shows the newest events. It begins to read as far back as they would reach if none were missing, and
// further back until there are enough.
func (t *tail) showNewest(ctx context.Context, j *hub.Journal) error {
	status, err := j.Status()
	if err != nil {
		return err
	}
	var last []hub.JournalEvent
	for back := uint64(t.newest); ; back *= 8 {
		after := status.LastSeq - min(back, status.LastSeq)
		last = last[:0]
		for e, err := range j.Events(hub.JournalFilter{After: after}) {
			if err != nil || ctx.Err() != nil {
				return err
			}
			t.shown = e.Seq
			if last = append(last, e); len(last) > t.newest {
				last = slices.Delete(last, 0, 1)
			}
		}
		if len(last) == t.newest || after == 0 {
			break
		}
	}
	t.shown = max(t.shown, status.LastSeq)
	for _, e := range last {
		if err := t.show(e); err != nil {
			return err
		}
	}
	return nil
}

// showNew shows what came since.
func (t *tail) showNew(ctx context.Context, j *hub.Journal) error {
	for e, err := range j.Events(hub.JournalFilter{After: t.shown}) {
		if err != nil || ctx.Err() != nil {
			return err
		}
		t.shown = e.Seq
		if err := t.show(e); err != nil {
			return err
		}
	}
	return nil
}

// tailLine is the JSON form of an event in a journal; its keys are stable.
type tailLine struct {
	eventLine
	Seq          uint64   `json:"seq"`
	Destinations []string `json:"destinations"`
	Waiting      []string `json:"waiting"`
}

// bodyWidth is how much of a body is shown.
const bodyWidth = 100

func (t *tail) show(e hub.JournalEvent) error {
	c := t.o.console
	if t.o.json() {
		none := []string{}
		return c.printJSON(tailLine{newEventLine(e.Event), e.Seq, append(none, e.Destinations...), append(none, e.Waiting...)})
	}
	s := c.out.style
	var to []string
	for _, name := range e.Destinations {
		if slices.Contains(e.Waiting, name) {
			to = append(to, s.warning(visible(name)+" (waiting)"))
		} else {
			to = append(to, s.success(visible(name)))
		}
	}
	_, err := fmt.Fprintf(c.out, "%s to %s body %s\n", eventHeading(s, e.Event, journalTime), strings.Join(to, ", "),
		shorten(jsonText(e.Event.Body), bodyWidth))
	return err
}
