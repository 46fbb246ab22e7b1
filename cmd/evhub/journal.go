package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

func newJournal(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Look at a journal, check it, and tidy it up",
		Long: `A journal keeps accepted events on disk until every destination has them. "status", "verify", "tail" and "export"
look, also while another process uses the journal; "adopt" and "drop" change it and need it for themselves.`,
	}
	asGroup(cmd)
	cmd.AddCommand(newJournalStatus(o), newJournalVerify(o), newJournalTail(o), newJournalExport(o), newJournalAdopt(o), newJournalDrop(o))
	return cmd
}

// asGroup makes a command of others: alone it prints its help, and it refuses what it does not know.
func asGroup(cmd *cobra.Command) {
	cmd.Args = knownCommand
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// reading has work done with a journal that is opened for looking.
func (o *options) reading(f *journalFlags, cmd *cobra.Command, work func(*hub.Journal) error) error {
	return o.with(f, cmd, o.readJournal, work)
}

// working has work done with a journal that is opened for change.
func (o *options) working(f *journalFlags, cmd *cobra.Command, work func(*hub.Journal) error) error {
	return o.with(f, cmd, o.workOnJournal, work)
}

func (o *options) with(f *journalFlags, cmd *cobra.Command, open func(*journalFlags) (*hub.Journal, error), work func(*hub.Journal) error) error {
	if err := f.check(cmd); err != nil {
		return usageError(err)
	}
	j, err := open(f)
	if err != nil {
		return err
	}
	return errors.Join(work(j), j.Close())
}

// completeDestinations has shells offer the names of the journal's destinations.
func completeDestinations(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	f := journalFlags{dir: cmd.Flag("journal").Value.String()}
	if f.useDefault() == nil {
		if j, err := hub.ReadJournal(f.dir); err == nil {
			status, _ := j.Status() // no offers if it cannot be read
			_ = j.Close()           // it was only read
			for _, d := range status.Destinations {
				names = append(names, d.Name)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
