package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
)

// checkLine is what check says of one destination; its JSON keys are stable.
type checkLine struct {
	Destination string   `json:"destination"`
	Provider    string   `json:"provider"`
	Pattern     string   `json:"pattern"`
	Line        int      `json:"line,omitempty"`
	Address     string   `json:"address"`
	Format      string   `json:"format"`
	Filter      []string `json:"filter,omitempty"` // the paths that it asks about
	// Connected and Seconds are there with --connect alone.
	Connected *bool    `json:"connected,omitempty"`
	Seconds   *float64 `json:"seconds,omitempty"`
	Error     string   `json:"error,omitempty"`
}

func newCheck(o *options) *cobra.Command {
	var connect bool
	var timeout time.Duration
	var file acctFlags
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Say whether an acct file is right, and with --connect whether its destinations can be reached",
		Long: `Check an acct file as a whole, and say for each destination where it leads. With --connect every destination is
dialled, as a delivery would: with TLS and login, but without an event. Exit code 2 means that the file is wrong, 1 that a
destination cannot be reached.`,
		Args: wantArgs(1, 1, "one acct file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if timeout <= 0 {
				return usageError(fmt.Errorf("--timeout must be more than 0"))
			}
			file.path = args[0]
			plan, err := loadPlan(o, file)
			if err != nil {
				return err
			}
			return runCheck(cmd.Context(), o, args[0], plan, connect, timeout)
		},
	}
	file.key.add(cmd)
	cmd.Flags().BoolVar(&connect, "connect", false, "dial every destination")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "longest wait for a connection")
	return cmd
}

func runCheck(ctx context.Context, o *options, path string, plan *hub.Plan, connect bool, timeout time.Duration) error {
	lines := make([]checkLine, len(plan.Destinations))
	for i, d := range plan.Destinations {
		lines[i] = checkLine{
			Destination: d.Name, Provider: d.Config.Connection.Provider, Pattern: d.Pattern, Line: d.Line,
			Address: d.Config.Connection.Address, Format: d.Config.Options.Format,
			Filter: paths(d.Filter),
		}
	}
	failed := 0
	if connect {
		failed = connectAll(ctx, plan, lines, timeout)
	}
	if err := printCheck(o, path, plan.Warnings, lines, connect); err != nil {
		return err
	}
	if failed > 0 {
		return &exitError{exitFailure, fmt.Errorf("%s of %d cannot be reached", count(failed, "destination"), len(lines))}
	}
	return nil
}

// connectAll dials all destinations at the same time and returns how many failed.
func connectAll(ctx context.Context, plan *hub.Plan, lines []checkLine, timeout time.Duration) (failed int) {
	ended := make(chan bool)
	for i, d := range plan.Destinations {
		go func() {
			dialling, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			start := time.Now()
			err := d.Connect(dialling)
			seconds, ok := time.Since(start).Seconds(), err == nil
			lines[i].Connected, lines[i].Seconds = &ok, &seconds
			if err != nil {
				lines[i].Error = err.Error()
			}
			ended <- ok
		}()
	}
	for range lines {
		if !<-ended {
			failed++
		}
	}
	return failed
}

func printCheck(o *options, path string, warnings []acct.Warning, lines []checkLine, connect bool) error {
	c := o.console
	if o.json() {
		texts := []string{}
		for _, w := range warnings {
			texts = append(texts, w.String())
		}
		return c.printJSON(map[string]any{"file": path, "warnings": texts, "destinations": lines})
	}
	o.warn(warnings)
	s := c.out.style
	for _, l := range lines {
		fmt.Fprintf(c.out, "%s  %s\n", l.mark(s), s.heading(visible(l.Destination)))
		fmt.Fprintf(c.out, "%s  %s\n", blankMark, s.faint(l.details()))
		if l.Error != "" {
			fmt.Fprintf(c.out, "%s  %s\n", blankMark, s.failure(visible(l.Error)))
		}
	}
	if !connect {
		fmt.Fprintf(c.out, "%s is right: %s\n", visible(path), count(len(lines), "destination"))
	}
	return nil
}

// warn prints what is odd about an acct file.
func (o *options) warn(warnings []acct.Warning) {
	for _, w := range warnings {
		fmt.Fprintln(o.console.err, o.console.err.style.warning("warning: ")+visible(w.String()))
	}
}

// details says where the destination comes from and leads to.
func (l checkLine) details() string {
	to := strings.TrimSpace(l.Provider + " " + visible(l.Address))
	filter := ""
	if len(l.Filter) > 0 {
		filter = ", filter on " + visible(strings.Join(l.Filter, ", "))
	}
	return fmt.Sprintf("pattern %q%s, to %s, format %s", visible(l.Pattern), filter, to, l.Format)
}

func paths(conditions []hub.Condition) (paths []string) {
	for _, c := range conditions {
		paths = append(paths, c.Path)
	}
	return paths
}

// blankMark is as wide as a mark.
const blankMark = "         "

func (l checkLine) mark(s style) string {
	switch {
	case l.Connected != nil && *l.Connected:
		return s.success(fmt.Sprintf("%6.0f ms", *l.Seconds*1000))
	case l.Connected != nil:
		return s.failure(fmt.Sprintf("%9s", "failed"))
	case l.Line == 0:
		return blankMark
	}
	return s.faint(fmt.Sprintf("%9s", fmt.Sprintf("line %d", l.Line)))
}
