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

// putFlags are the flags of evhub put.
type putFlags struct {
	acctFile acctFlags
	events   string
	single   singleEvent
	format   string
	wait     bool
	strict   bool
	errors   errorEvents
	ack      bool
	timeout  time.Duration
	journal  journalFlags
}

func newPut(o *options) *cobra.Command {
	var f putFlags
	cmd := &cobra.Command{
		Use:   "put",
		Short: "Put one event, or a file or stream of them",
		Long: `Put one event, given by flags, or with no --body a stream of JSON Lines from --events or standard input:

  {"profile": "idem-status", "body": "FINISHED", "tags": {"type": "state-status"}, "run_name": "r1", "key": "k", "id": "x1"}

Only "body" is needed in a line. There are also "time" (RFC 3339), "traceparent", and "body_base64" in place of
"body", for bytes. Numbers and the order of keys pass through as they are written. A line that is wrong is refused
with its number, and the others go on.

An event as Idem fires it, with its profile and tags, is put by --idem; "evhub examples idem" shows them all:

` + idemHelp() + `

With --journal an event is on disk before it counts as accepted, and what earlier calls left in the journal is
delivered too. After the end of the input, --timeout bounds the deliveries; the rest stays in the journal. --ack
prints {"id": ...} for each event, in the order of the input, as soon as it is on disk: whoever sends events may
forget each one then, and sends those again that had no such line.

Exit codes; where several are true the highest counts:
    0  all done; with a journal, what is not delivered yet stays there
    1  failure: a journal in use or damaged, events of which it is not known whether they are on disk
    2  bad flags or acct file
    3  some events were refused at the door
    4  some became dead letters
    5  some are not delivered yet (with a journal only if --wait is given), or were not taken
  130  interrupted

A first SIGINT or SIGTERM ends the reading and gives deliveries 5 seconds, a second one none. With a journal, SIGTERM
is like the end of the input, so that a service can be stopped: the exit code is not 130 then, unless the rest of a
file was not read.`,
		Example: `  evhub put -f acct.yaml --profile idem-status --tag type=state-status --body '"FINISHED"' --wait
  generate-events | evhub put -f acct.yaml
  generate-events | evhub put -f acct.yaml --journal /var/lib/evhub --ack`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("idem") {
				return nil
			}
			return noArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.single.given = cmd.Flags().Changed("body") || cmd.Flags().Changed("idem")
			f.single.idem.args = args
			f.single.tagsGiven = cmd.Flags().Changed("tags")
			if err := f.check(cmd); err != nil {
				return usageError(err)
			}
			return runPut(cmd.Context(), o, &f)
		},
	}
	addAcctFlag(cmd, &f.acctFile)
	f.single.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.events, "events", "", "file of JSON Lines to put (default: standard input)")
	flags.StringVar(&f.format, "format", "", "format of all bodies, whatever the file says: "+strings.Join(hub.FormatNames(), ", "))
	for _, name := range []string{"serial-plugin", "serialize-plugin"} { // what evbus and Idem call it
		flags.StringVar(&f.format, name, "", "the same as --format")
		_ = flags.MarkHidden(name) // fails only for a flag that does not exist
	}
	flags.BoolVar(&f.wait, "wait", false, "print a receipt line for each event when all destinations have settled it")
	flags.BoolVar(&f.strict, "strict", false, "refuse events that match no destination")
	f.errors.add(cmd)
	flags.BoolVar(&f.ack, "ack", false, "print {\"id\": ...} for each event as soon as it is in the journal")
	f.journal.add(cmd, "keep events in a journal in this directory until they are delivered (default: in memory)")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Minute, "how long to wait for room, and for the deliveries after the last event; 0: for ever")
	completeWith(cmd, "format", hub.FormatNames()...)
	return cmd
}

// check refuses flags that cannot be together.
func (f *putFlags) check(cmd *cobra.Command) error {
	if err := checkTimeout(f.timeout); err != nil {
		return err
	}
	if err := errors.Join(f.errors.check(), f.journal.check(cmd)); err != nil {
		return err
	}
	if f.journal.dir == "" {
		for name, given := range map[string]bool{"ack": f.ack, "journal-max": cmd.Flags().Changed("journal-max")} {
			if given {
				return fmt.Errorf("--%s is about a journal: give --journal DIR too", name)
			}
		}
	}
	if f.format != "" {
		if err := hub.CheckFormat(f.format); err != nil {
			return fmt.Errorf("--format: %w", err)
		}
	}
	if f.single.given && f.events != "" {
		return errors.New("--body and --idem are one event and --events many: give one of them")
	}
	return f.single.check(cmd)
}

func checkTimeout(d time.Duration) error {
	if d < 0 {
		return errors.New("--timeout must not be negative; 0 means for ever")
	}
	return nil
}

func runPut(ctx context.Context, o *options, f *putFlags) error {
	source, err := f.source(o.console)
	if err != nil {
		return usageError(err)
	}
	defer source.close()
	file, err := loadAcct(f.acctFile)
	if err != nil {
		return err
	}
	summary := newSummary(f.journal.dir)
	opts := append(f.errors.options(), hub.WithFormat(f.format), hub.WithHooks(summary.hooks()))
	if f.strict {
		opts = append(opts, hub.WithStrict())
	}
	h, err := o.openHub(ctx, file, &f.journal, "give another --journal DIR", opts...)
	if err != nil {
		return err
	}
	signals := notifySignals(ctx)
	defer signals.stop()
	p := &putter{o: o, f: f, hub: h, signals: signals, summary: summary}
	return p.run(source)
}

// source is where the events of one call come from.
func (f *putFlags) source(c console) (*lineSource, error) {
	if f.single.given {
		e, err := f.single.event()
		if err != nil {
			return nil, err
		}
		return oneEvent(e), nil
	}
	return openLines(f.events, c)
}
