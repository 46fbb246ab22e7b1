package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
)

// listenFlags are the flags of evhub listen.
type listenFlags struct {
	put      putFlags
	profiles []string
}

func newListen(o *options) *cobra.Command {
	var f listenFlags
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Put a stream of events and watch each one pass, with where it goes",
		Long: `Put the events of --events or standard input, JSON Lines as for "evhub put", and print each one as it passes,
with the destinations that it goes to, also if there are none. Without an acct file there are no destinations, and
nothing is sent: a dry run. With one, events are delivered, and the exit codes are those of "evhub put".

With an acct file, accepted events are in a journal on disk until they are delivered; what is not when the command
ends is delivered by the next one, or by "evhub drain". Two commands at the same time need a journal each.

Printing holds up nothing: should it be far slower than the events, some are not printed, and a line says how many.`,
		Example: `  evhub listen -f acct.yaml --profile 'idem-*' --events events.jsonl
  generate-events | evhub listen --output json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return usageError(err)
			}
			return runListen(cmd.Context(), o, &f)
		},
	}
	addAcctFlag(cmd, &f.put.acctFile)
	flags := cmd.Flags()
	flags.StringVar(&f.put.events, "events", "", "file of JSON Lines to put (default: standard input)")
	flags.StringArrayVar(&f.profiles, "profile", nil, "print only events whose profile matches this glob; may be repeated")
	flags.DurationVar(&f.put.timeout, "timeout", 5*time.Minute, "how long to wait for room, and for the deliveries after the last event; 0: for ever")
	f.put.errors.add(cmd)
	f.put.journal.add(cmd, "keep accepted events in this directory until they are delivered "+inDefault)
	f.put.journal.addNone(cmd)
	return cmd
}

// check refuses flags that cannot be together, and chooses the journal.
func (f *listenFlags) check(cmd *cobra.Command) error {
	journal := &f.put.journal
	if err := errors.Join(checkTimeout(f.put.timeout), f.put.errors.check(), journal.check(cmd)); err != nil {
		return err
	}
	if noAcctFile(f.put.acctFile.path) {
		if journal.dir != "" {
			return errors.New("--journal needs an acct file (-f): without one nothing is to be delivered")
		}
		return nil
	}
	return journal.useDefault()
}

func runListen(ctx context.Context, o *options, f *listenFlags) error {
	source, err := openLines(f.put.events, o.console)
	if err != nil {
		return usageError(err)
	}
	defer source.close()
	file, err := loadAcctOrNone(f.put.acctFile)
	if err != nil {
		return err
	}
	plan, err := hub.NewPlan(file, o.hubOptions()...)
	if err != nil {
		return usageError(err)
	}
	summary := newSummary(f.put.journal.dir)
	opts := append(f.put.errors.options(), hub.WithHooks(summary.hooks()))
	h, err := o.openHub(ctx, file, &f.put.journal, "give another --journal DIR, or --no-journal", opts...)
	if err != nil {
		return err
	}
	events, err := h.Subscribe(hub.Filter{Profiles: f.profiles, Buffer: listenBuffer})
	if err != nil {
		_ = h.Close(ctx) // nothing was put
		return usageError(err)
	}
	signals := notifySignals(ctx)
	defer signals.stop()
	p := &putter{o: o, f: &f.put, hub: h, signals: signals, summary: summary, listener: startListener(o, plan, events)}
	return p.run(source)
}

// loadAcctOrNone is loadAcct, with an empty file if none is named.
func loadAcctOrNone(flags acctFlags) (*acct.File, error) {
	if noAcctFile(flags.path) {
		f, err := acct.Parse("no acct file", nil)
		return f, usageError(err)
	}
	return loadAcct(flags)
}

func noAcctFile(path string) bool { return path == "" && os.Getenv("ACCT_FILE") == "" }
