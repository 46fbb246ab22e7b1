package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

func newJournalExport(o *options) *cobra.Command {
	var journal journalFlags
	var filter hub.JournalFilter
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the events of a journal as JSON Lines that \"evhub put\" takes",
		Long: `Print the events of a journal as JSON Lines, oldest first, in the form that "evhub put" takes: with their ids, so that
a receiver that knows ids recognises what it has already. Without --waiting that includes delivered events that are
still there. What cannot be read is said on standard error, and the exit code is 1 then.`,
		Example: `  evhub journal export --destination kafka:audit --waiting | evhub put -f other.yaml`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.reading(&journal, cmd, func(j *hub.Journal) error { return export(cmd.Context(), o, j, filter) })
		},
	}
	journal.addDir(cmd, thereJournal)
	flags := cmd.Flags()
	flags.StringVar(&filter.Destination, "destination", "", "only events for destinations that match this glob")
	flags.StringVar(&filter.Profile, "profile", "", "only events whose profile matches this glob")
	flags.BoolVar(&filter.Waiting, "waiting", false, "only events that one of these destinations does not have yet")
	_ = cmd.RegisterFlagCompletionFunc("destination", completeDestinations) // fails only for a flag that does not exist
	return cmd
}

func export(ctx context.Context, o *options, j *hub.Journal, filter hub.JournalFilter) error {
	var faults []error
	for e, err := range j.Events(filter) {
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if err := o.console.printJSON(newEventLine(e.Event)); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	unreadable, err := j.Unreadable(ctx)
	for _, f := range unreadable {
		faults = append(faults, fmt.Errorf("not exported: %s at %d: %s", visible(f.File), f.Offset, visible(f.What)))
	}
	return errors.Join(append(faults, err)...)
}
