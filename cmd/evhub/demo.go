package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/cmd/evhub/internal/demo"
)

func newDemo(o *options) *cobra.Command {
	var fast bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See events fan out, a destination break and come back, and nothing be lost",
		Long: `Fire the events of Idem at a NATS JetStream server, a webhook, a file and the console, all inside this process
and reached through one acct file. The webhook breaks and comes back. At the end the events are counted at the
receivers; the exit code is 0 only if the counts prove that nothing was lost. Nothing leaves the machine and nothing
stays on it.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), o, fast) },
	}
	cmd.Flags().BoolVar(&fast, "fast", false, "do not pause for reading; so it is where the output is no terminal")
	return cmd
}

func runDemo(ctx context.Context, o *options, fast bool) error {
	signals := notifySignals(ctx)
	defer signals.stop()
	out := o.console.out
	play := demo.Options{Out: out, Colours: out.style.on, Pauses: out.terminal && !fast}
	if o.json() {
		play = demo.Options{Out: io.Discard}
	}
	report, err := demo.Run(signals.asked, play)
	switch {
	case signals.asked.Err() != nil:
		return &exitError{code: exitInterrupted}
	case err != nil:
		return fmt.Errorf("the demo could not be played: %w", err)
	}
	if o.json() {
		if err := o.console.printJSON(report); err != nil {
			return err
		}
	}
	if !report.OK {
		return errors.New("the counts do not prove the promises; please report this")
	}
	return nil
}
