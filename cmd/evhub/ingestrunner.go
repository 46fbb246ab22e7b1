package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
	"github.com/evhub/evhub/internal/ingest"
)

// ingestFlags are the flags of evhub ingest runner.
type ingestFlags struct {
	put    putFlags
	runner runner.Options
	dir    string
	follow bool
}

func newIngestRunner(o *options) *cobra.Command {
	var f ingestFlags
	cmd := &cobra.Command{
		Use:   "runner",
		Short: "Put the events of Ansible Runner, from its output or its artifact directory",
		Long: `Put the statuses and job events of Ansible Runner: from standard input, which takes what "ansible-runner run -j" and
"ansible-runner worker" print, or with --artifact-dir from the files that Runner leaves.

A status becomes an event of profile runner-status with the tags status and ident, a job event one of profile runner-event
with the tags event, ident, host and task, as far as they are known. The body is Runner's own, unchanged. The ordering
key is the ident; the id is made of the ident and the uuid, so it is the same whoever reads the event.

Lines that are no events are passed over and counted, and some are logged. What looks like an event and cannot be
read counts as refused.

Accepted events are in a journal on disk until they are delivered, and with it is kept which events those were. From a
pipe nothing more is read before what was read is on disk. A call that was killed can be repeated with --artifact-dir: it
puts what is missing, and nothing twice. Two commands at the same time need a journal each.

The status "starting" has the whole environment of ansible in it, secrets included, as Runner's plugins get it: --drop-env
takes it out.

Exit codes are those of "evhub put".`,
		Example: `  ansible-runner run -j private/ -p site.yml | evhub ingest runner -f acct.yaml
  ansible-runner transmit private/ -p site.yml | ansible-runner worker | evhub ingest runner -f acct.yaml
  evhub ingest runner -f acct.yaml --artifact-dir private/artifacts --follow
  evhub ingest runner -f acct.yaml --artifact-dir private/artifacts --ident run-1`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return usageError(err)
			}
			return runIngest(cmd.Context(), o, &f)
		},
	}
	addAcctFlag(cmd, &f.put.acctFile)
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "artifact-dir", "", "read the `directory` that Runner's --artifact-dir names, with a folder for each run, or the folder of one run")
	_ = cmd.MarkFlagDirname("artifact-dir") // fails only for a flag that does not exist
	flags.BoolVar(&f.follow, "follow", false, "wait for more: for the end of the run, or with a directory of many runs until stopped")
	flags.StringVar(&f.runner.Ident, "ident", "", "with --artifact-dir, read only the run of this ident; else the ident of what has none")
	flags.BoolVar(&f.runner.DropEnv, "drop-env", false, "take the environment out of the status \"starting\"")
	flags.BoolVar(&f.put.wait, "wait", false, "print a receipt line for each event when all destinations have settled it")
	flags.BoolVar(&f.put.strict, "strict", false, "refuse events that match no destination")
	f.put.errors.add(cmd)
	flags.DurationVar(&f.put.timeout, "timeout", 5*time.Minute, "how long to wait for room, and for the deliveries after the last event; 0: for ever")
	f.put.journal.add(cmd, "keep accepted events, and which those were, in this directory "+inDefault)
	f.put.journal.addNone(cmd)
	return cmd
}

// check refuses flags that cannot be together, and chooses the journal.
func (f *ingestFlags) check(cmd *cobra.Command) error {
	journal := &f.put.journal
	if err := errors.Join(checkTimeout(f.put.timeout), f.put.errors.check(), journal.check(cmd)); err != nil {
		return err
	}
	if f.follow && f.dir == "" {
		return errors.New("--follow needs --artifact-dir: standard input is read to its end anyway")
	}
	if cmd.Flags().Changed("artifact-dir") && f.dir == "" {
		return errors.New("--artifact-dir names no directory")
	}
	return journal.useDefault()
}

func runIngest(ctx context.Context, o *options, f *ingestFlags) error {
	source, err := f.source(o)
	if err != nil {
		return usageError(err)
	}
	file, err := loadAcct(f.put.acctFile)
	if err != nil {
		return err
	}
	ledger, err := recoverLedger(f.put.journal.dir)
	if err != nil {
		return err
	}
	summary := newSummary(f.put.journal.dir)
	opts := append(f.put.errors.options(), hub.WithHooks(summary.hooks()), hub.WithMaxEvent(ingest.MaxBytes+tagRoom))
	if f.put.strict {
		opts = append(opts, hub.WithStrict())
	}
	h, err := o.openHub(ctx, file, &f.put.journal, "give another --journal DIR, or --no-journal", opts...)
	if err != nil {
		return errors.Join(err, ledger.close())
	}
	if ledger, err = ledger.orNew(f.put.journal.dir); err != nil {
		return errors.Join(err, h.Close(ctx)) // nothing was put
	}
	signals := notifySignals(ctx)
	defer signals.stop()
	source.ledger, source.until = ledger, signals.asked
	summary.source = source
	p := &putter{o: o, f: &f.put, hub: h, signals: signals, summary: summary, ledger: ledger}
	return errors.Join(p.run(source), ledger.close())
}

// tagRoom is what the tags of an event may take, besides its body.
const tagRoom = 64 << 10

func (f *ingestFlags) source(o *options) (*ingestSource, error) {
	if f.dir == "" {
		if isTerminal(o.console.in) && o.console.err.terminal {
			fmt.Fprintln(o.console.err, o.console.err.style.faint("reading what ansible-runner prints, one JSON object in a line; Ctrl-D ends"))
		}
		return &ingestSource{stream: ingest.NewStream(o.console.in, f.runner, o.logger()), finite: isRegular(o.console.in)}, nil
	}
	s := &ingestSource{finite: !f.follow}
	tail, err := ingest.NewTail(ingest.TailOptions{Dir: f.dir, Runner: f.runner, Follow: f.follow, Known: s.known, Log: o.logger()})
	s.tail = tail
	return s, err
}
