package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

// routeLine says whether one destination gets the events of a profile; its JSON keys are stable.
type routeLine struct {
	Destination string `json:"destination"`
	Section     string `json:"section"`
	Pattern     string `json:"pattern"`
	Line        int    `json:"line,omitempty"`
	Matches     bool   `json:"matches"`
}

func newRoutes(o *options) *cobra.Command {
	var explain bool
	cmd := &cobra.Command{
		Use:   "routes FILE PROFILE...",
		Short: "Say which destinations get the events of a profile, and why",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError(errors.New("want an acct file and at least one profile"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			plan, err := loadPlan(o, args[0])
			if err != nil {
				return err
			}
			for _, profile := range args[1:] {
				if err := printRoutes(o, plan, profile, explain); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "also show the patterns that do not match")
	return cmd
}

func printRoutes(o *options, plan *hub.Plan, profile string, explain bool) error {
	lines := []routeLine{}
	matches := plan.Route(profile)
	for i, d := range plan.Destinations {
		matched := slices.Contains(matches, i)
		if matched || explain {
			lines = append(lines, routeLine{d.Name, d.Section, d.Pattern, d.Line, matched})
		}
	}
	c := o.console
	if o.json() {
		return c.printJSON(map[string]any{"profile": profile, "match_plugin": plan.MatchPlugin, "routes": lines})
	}
	s := c.style(c.out)
	fmt.Fprintf(c.out, "%s -> %s\n", s.heading(fmt.Sprintf("%q", profile)), count(len(matches), "destination"))
	for _, l := range lines {
		verdict, mark := "matches", s.success("+")
		if !l.Matches {
			verdict, mark = "does not match", s.faint("-")
		}
		fmt.Fprintf(c.out, "  %s %s\n      %s\n", mark, l.Destination,
			s.faint(fmt.Sprintf("line %d: %s: the %s %q %s", l.Line, l.Section, plan.MatchPlugin, l.Pattern, verdict)))
	}
	return nil
}
