package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

func newDeadLetters(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "deadletters",
		Aliases: []string{"deadletter"},
		Short:   "List, show, replay or drop the events that destinations refused for good",
		Long: `A destination that refuses an event for good (too large, malformed, unroutable, ...) does not get it again: it
becomes a dead letter in the journal, with the reason. These commands work on the dead letters of a journal. "list" and
"show" work also while another process uses it; "replay" and "drop" need it for themselves.`,
	}
	asGroup(cmd)
	cmd.AddCommand(newLettersList(o), newLettersShow(o), newLettersReplay(o), newLettersDrop(o))
	return cmd
}

// thereJournal is the usage of --journal for commands that work on a journal that is there.
const thereJournal = "directory of the journal " + inDefault

func newLettersList(o *options) *cobra.Command {
	var journal journalFlags
	var filter letterFilter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, oldest first at each destination",
		Long: `List dead letters, oldest first at each destination. Those that are damaged on disk are passed over: that is said on
standard error, and the exit code is 1 then.`,
		Example: `  evhub deadletters list --journal /var/lib/evhub --destination 'kafka:*' --since 24h
  evhub deadletters list -o json | jq -r .id`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := filter.parse(nil)
			if err != nil {
				return usageError(err)
			}
			return o.reading(&journal, cmd, func(j *hub.Journal) error {
				return errors.Join(listLetters(o, j.DeadLetters(f)), damagedLetters(j, f.Destination))
			})
		},
	}
	journal.addDir(cmd, thereJournal)
	filter.addFlags(cmd)
	return cmd
}

func newLettersShow(o *options) *cobra.Command {
	var journal journalFlags
	cmd := &cobra.Command{
		Use:   "show ID...",
		Short: "Show dead letters as a whole: the reason and the event",
		Args:  wantArgs(1, math.MaxInt, "the id of at least one event"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return o.reading(&journal, cmd, func(j *hub.Journal) error {
				return showLetters(o, j.DeadLetters(hub.DeadFilter{IDs: ids}), ids)
			})
		},
	}
	journal.addDir(cmd, thereJournal)
	return cmd
}

func newLettersReplay(o *options) *cobra.Command {
	var journal journalFlags
	var filter letterFilter
	cmd := &cobra.Command{
		Use:   "replay [ID...]",
		Short: "Have dead letters delivered again, each to its own destination",
		Long: `Put dead letters back into the journal: those with the ids given, or those that the flags choose. Each goes to its
own destination alone, with the same id, in the old order, behind what waits there. They are delivered by the next
"evhub drain", or whatever opens the journal next, if their destination is in its acct file. An id that no dead letter
has is an error, and the others are queued.`,
		Example: `  evhub deadletters replay --destination 'http:hook' --reason 413 && evhub drain -f acct.yaml`,
		RunE: func(cmd *cobra.Command, ids []string) error {
			f, err := filter.choose(ids)
			if err != nil {
				return usageError(err)
			}
			return o.working(&journal, cmd, func(j *hub.Journal) error { return replayLetters(cmd.Context(), o, j, f) })
		},
	}
	journal.addDir(cmd, thereJournal)
	filter.addFlags(cmd)
	filter.addAll(cmd)
	return cmd
}

func replayLetters(ctx context.Context, o *options, j *hub.Journal, f hub.DeadFilter) error {
	chosen, err := chooseLetters(j, f)
	if err != nil {
		return err
	}
	n, err := j.Replay(ctx, f)
	err = o.lettersDone(n, "replayed", chosen.hint(), errors.Join(err, chosen.fault()))
	chosen.tellOfOrphans(o.console.err)
	return err
}

func newLettersDrop(o *options) *cobra.Command {
	var journal journalFlags
	var filter letterFilter
	consent := consent{o: o}
	cmd := &cobra.Command{
		Use:   "drop [ID...]",
		Short: "Remove dead letters for good",
		Long: `Remove dead letters for good: those with the ids given, or those that the flags choose. An id that no dead
letter has is an error, and the others are dropped.`,
		Example: `  evhub deadletters drop --until 720h --yes`,
		RunE: func(cmd *cobra.Command, ids []string) error {
			f, err := filter.choose(ids)
			if err != nil {
				return usageError(err)
			}
			if err := consent.check(); err != nil {
				return err
			}
			return o.working(&journal, cmd, func(j *hub.Journal) error { return dropLetters(o, j, f, &consent) })
		},
	}
	journal.addDir(cmd, thereJournal)
	filter.addFlags(cmd)
	filter.addAll(cmd)
	consent.addFlag(cmd)
	return cmd
}

func dropLetters(o *options, j *hub.Journal, f hub.DeadFilter, consent *consent) error {
	chosen, err := chooseLetters(j, f)
	if err != nil {
		return err
	}
	if chosen.count > 0 {
		if err := consent.ask("Drop " + count(chosen.count, "dead letter") + " for good?"); err != nil {
			return err
		}
	}
	n, err := j.Discard(f)
	return o.lettersDone(n, "dropped", "dropped", errors.Join(err, chosen.fault()))
}

// lettersDone says how many dead letters something was done to, also if it could not be done to all.
func (o *options) lettersDone(n int, key, what string, err error) error {
	if n == 0 && err != nil {
		return err
	}
	if o.json() {
		_ = o.console.printJSON(map[string]int{key: n}) // the exit code says the essence too
		return err
	}
	fmt.Fprintf(o.console.out, "%s %s\n", count(n, "dead letter"), what)
	return err
}
