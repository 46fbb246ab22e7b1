package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

// drainFlags are the flags of evhub drain.
type drainFlags struct {
	acctFile acctFlags
	timeout  time.Duration
	interval time.Duration
	errors   errorEvents
	journal  journalFlags
}

func newDrain(o *options) *cobra.Command {
	var f drainFlags
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Deliver what a journal holds, and end",
		Long: `Deliver what waits in a journal, with the destinations of an acct file, and end when nothing is left.

Exit codes; where several are true the highest counts:
    0  all delivered
    1  failure: a journal in use, or damaged so that events are lost
    2  bad flags or acct file, or no journal there
    4  some events became dead letters
    5  something is left: it is said what, where and why, and it stays in the journal
  130  interrupted

Backlogs of destinations that are not in the acct file cannot be delivered and count as left: see "evhub journal adopt"
and "drop". Dead letters of such destinations are told, and count as nothing.`,
		Example: `  evhub drain -f acct.yaml --journal /var/lib/evhub --timeout 1h`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return usageError(err)
			}
			return runDrain(cmd.Context(), o, cmd, &f)
		},
	}
	addAcctFlag(cmd, &f.acctFile)
	f.journal.add(cmd, thereJournal)
	f.errors.add(cmd)
	cmd.Flags().DurationVar(&f.timeout, "timeout", 5*time.Minute, "how long to deliver; 0: until nothing is left")
	cmd.Flags().DurationVar(&f.interval, "interval", 5*time.Second, "how often to say how it gets on, if standard error is no terminal")
	return cmd
}

func (f *drainFlags) check(cmd *cobra.Command) error {
	if f.interval <= 0 {
		return fmt.Errorf("--interval must be more than 0")
	}
	return errors.Join(checkTimeout(f.timeout), f.errors.check(), f.journal.check(cmd))
}

func runDrain(ctx context.Context, o *options, cmd *cobra.Command, f *drainFlags) error {
	file, err := loadAcct(f.acctFile)
	if err != nil {
		return err
	}
	// Else an empty one would be made. What is wrong with it is told when it is opened to be used.
	there := o.with(&f.journal, cmd, o.readQuietly, func(*hub.Journal) error { return nil })
	if there != nil {
		return there
	}
	d := &drainer{o: o, outcome: newOutcome(f.journal.dir)}
	h, err := o.openHub(ctx, file, &f.journal, "that one delivers it; see \"evhub journal status\"",
		append(f.errors.options(), hub.WithHooks(d.hooks()))...)
	if err != nil {
		return err
	}
	signals := notifySignals(ctx)
	defer signals.stop()
	d.deliver(signals.asked, h, f)
	d.print()
	if signals.asked.Err() != nil && !signals.terminated() {
		return &exitError{exitInterrupted, nil}
	}
	if code := d.code(); code != exitDone {
		return &exitError{code, nil}
	}
	return nil
}

// drainer delivers what a journal holds.
type drainer struct {
	o *options
	outcome
}

// deliver delivers until nothing is left, or for as long as ctx and --timeout allow.
func (d *drainer) deliver(ctx context.Context, h *hub.Hub, f *drainFlags) {
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.timeout)
		defer cancel()
	}
	stop := newDrainProgress(d.o, h).start(f.interval)
	err := d.o.closeHub(ctx, h)
	stop()
	d.take(h.Stats(), err)
}

func (d *drainer) code() int {
	switch {
	case len(d.kept)+len(d.lost)+len(d.waitingOrphans()) > 0:
		return exitRemain
	case d.letters.count > 0:
		return exitDead
	case d.damaged():
		return exitFailure
	}
	return exitDone
}

// drainLine is the JSON form of what came of a drain; its keys are stable.
type drainLine struct {
	Delivered int64 `json:"delivered"`
	Remaining int64 `json:"remaining"`
	Dead      int   `json:"dead"`
	outcomeLine
}

func (d *drainer) print() {
	if d.o.json() {
		line := drainLine{
			Delivered: d.total(delivered), Remaining: sum(d.kept) + sum(d.lost), Dead: d.letters.count, outcomeLine: d.line(),
		}
		_ = d.o.console.printJSON(map[string]any{"summary": line}) // the exit code says the essence too
		return
	}
	w := d.o.console.err
	d.printTroubles(w)
	for _, orphan := range d.orphans {
		if orphan.BacklogEvents == 0 {
			printOrphan(w, orphan)
		}
	}
	parts := d.parts()
	switch {
	case len(parts) == 0 && len(d.waitingOrphans()) > 0:
		parts = []string{"nothing delivered: what waits is for destinations that are not in the acct file"}
	case len(parts) == 0:
		parts = []string{"nothing to deliver"}
	}
	fmt.Fprintln(w, strings.Join(parts, ", "))
}
