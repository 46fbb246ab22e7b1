package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

func newJournalVerify(o *options) *cobra.Command {
	var journal journalFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every frame of a journal",
		Long: `Read everything in a journal and check it. Each finding is a line with the file, the place in it, what is wrong and
what can be done. The exit code is 1 if something is damaged; what a crash may leave behind, and harms nothing, is
told too. Nothing is changed.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(&journal, cmd, o.readQuietly, func(j *hub.Journal) error { return verify(cmd.Context(), o, j) })
		},
	}
	journal.addDir(cmd, thereJournal)
	return cmd
}

func verify(ctx context.Context, o *options, j *hub.Journal) error {
	var read, all atomic.Int64
	status := startStatus(o, func() string {
		return fmt.Sprintf("%s of %s checked", bytesText(read.Load()), bytesText(all.Load()))
	})
	check, err := j.Verify(ctx, func(done, total int64) {
		read.Store(done)
		all.Store(total)
	})
	status.stop()
	if err != nil {
		return err
	}
	if err := printCheckOfJournal(o, check); err != nil {
		return err
	}
	if n := len(check.Faults) - harmless(check); n > 0 {
		return &exitError{exitFailure, fmt.Errorf("%s in the journal", count(n, "fault"))}
	}
	return nil
}

func harmless(check hub.JournalCheck) (n int) {
	for _, f := range check.Faults {
		if f.Harmless {
			n++
		}
	}
	return n
}

// faultLine is the JSON form of a finding; its keys are stable.
type faultLine struct {
	File     string `json:"file"`
	Offset   int64  `json:"offset"`
	Harmless bool   `json:"harmless"`
	What     string `json:"fault"`
	Cure     string `json:"cure,omitempty"`
}

// checkedLine is the JSON form of what was checked; its keys are stable.
type checkedLine struct {
	Segments int   `json:"segments"`
	Frames   int   `json:"frames"`
	Letters  int   `json:"dead_letters"`
	Bytes    int64 `json:"bytes"`
	Faults   int   `json:"faults"` // but for the harmless ones
}

func printCheckOfJournal(o *options, check hub.JournalCheck) error {
	for _, f := range check.Faults {
		if err := printFault(o, f); err != nil {
			return err
		}
	}
	c, n := o.console, len(check.Faults)-harmless(check)
	if o.json() {
		return c.printJSON(map[string]any{"checked": checkedLine{check.Segments, check.Frames, check.Letters, check.Bytes, n}})
	}
	verdict := c.out.style.success("all well")
	if n > 0 {
		verdict = c.out.style.failure(count(n, "fault"))
	}
	_, err := fmt.Fprintf(c.out, "%s: %s, %s, %s, %s\n", verdict, count(check.Segments, "segment"), count(check.Frames, "frame"),
		count(check.Letters, "dead letter"), bytesText(check.Bytes))
	return err
}

func printFault(o *options, f hub.JournalFault) error {
	c := o.console
	if o.json() {
		return c.printJSON(faultLine(f))
	}
	paint, more := c.out.style.failure, ""
	if f.Harmless {
		paint, more = c.out.style.warning, " (harmless)"
	}
	if f.Cure != "" {
		more += "; " + visible(f.Cure)
	}
	_, err := fmt.Fprintf(c.out, "%s: %s%s\n", paint(fmt.Sprintf("%s at %d", visible(f.File), f.Offset)), visible(f.What), more)
	return err
}
