package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

func newJournalAdopt(o *options) *cobra.Command {
	var journal journalFlags
	cmd := &cobra.Command{
		Use:   "adopt FROM TO",
		Short: "Give what waits for a destination that is no longer in the acct file to another one",
		Long: `Give what waits for destination FROM, which is no longer in the acct file, to destination TO: after a change of name or
address. Its dead letters go along. "evhub journal status" says what waits for whom.`,
		Example:           `  evhub journal adopt 'kafka:audit@old.example:9092' kafka:audit`,
		Args:              wantArgs(2, 2, "two destinations: FROM and TO"),
		ValidArgsFunction: completeDestinations,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.working(&journal, cmd, func(j *hub.Journal) error {
				return adopt(o, j, args[0], args[1])
			})
		},
	}
	journal.addDir(cmd, thereJournal)
	return cmd
}

func adopt(o *options, j *hub.Journal, from, to string) error {
	before, err := j.Status()
	if err != nil {
		return err
	}
	given, err := j.Adopt(from, to)
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(before.Destinations, func(d hub.JournalBacklog) bool { return d.Name == to })
	if !known && !o.json() {
		fmt.Fprintf(o.console.err, "%s no acct file that this journal was used with has %s; it gets them when one does\n",
			o.console.err.style.warning("note:"), visible(to))
	}
	return o.gave(given, "adopted", fmt.Sprintf("of %s now for %s", visible(from), visible(to)))
}

func newJournalDrop(o *options) *cobra.Command {
	var journal journalFlags
	consent := consent{o: o}
	cmd := &cobra.Command{
		Use:               "drop NAME",
		Short:             "Give up what waits for a destination, dead letters included",
		Long:              `Give up, for good, what waits for a destination, dead letters included. "evhub journal export" can keep a copy.`,
		Args:              wantArgs(1, 1, "one destination"),
		ValidArgsFunction: completeDestinations,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := consent.check(); err != nil {
				return err
			}
			return o.working(&journal, cmd, func(j *hub.Journal) error { return dropBacklog(o, j, args[0], &consent) })
		},
	}
	journal.addDir(cmd, thereJournal)
	consent.addFlag(cmd)
	return cmd
}

func dropBacklog(o *options, j *hub.Journal, name string, consent *consent) error {
	status, err := j.Status()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(status.Destinations, func(d hub.JournalBacklog) bool { return d.Name == name })
	if i >= 0 { // else the journal says what it knows
		d := status.Destinations[i]
		question := fmt.Sprintf("Give up %s and %s of %s for good?", count(d.Events, "waiting event"), count(d.DeadLetters, "dead letter"), visible(name))
		if err := consent.ask(question); err != nil {
			return err
		}
	}
	given, err := j.Drop(name)
	if err != nil {
		return err
	}
	return o.gave(given, "dropped", "of "+visible(name)+" dropped")
}

// gave says what became of a backlog; key is that of the events.
func (o *options) gave(given hub.JournalGiven, key, what string) error {
	if o.json() {
		return o.console.printJSON(map[string]int{key: given.Events, "dead_letters": given.DeadLetters})
	}
	_, err := fmt.Fprintf(o.console.out, "%s %s\n", holdings(given.Events, given.DeadLetters), what)
	return err
}

// holdings spells what a destination has in a journal.
func holdings(events, letters int) string {
	switch {
	case letters == 0:
		return count(events, "event")
	case events == 0:
		return count(letters, "dead letter")
	}
	return count(events, "event") + " and " + count(letters, "dead letter")
}

// quotedName is a destination's name as a shell takes it.
func quotedName(name string) string {
	return "'" + strings.ReplaceAll(visible(name), "'", `'\''`) + "'"
}
