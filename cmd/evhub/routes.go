package main

import (
	"fmt"
	"math"
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
		Long: `Say for each profile which destinations of an acct file get its events, and which pattern in which line decides
that. Nothing is connected and nothing is sent.`,
		Example: `  evhub routes acct.yaml idem-status idem-run
  evhub routes --explain acct.yaml idem-status`,
		Args: wantArgs(2, math.MaxInt, "an acct file and at least one profile"),
		RunE: func(_ *cobra.Command, args []string) error {
			plan, err := loadPlan(o, args[0])
			if err != nil {
				return err
			}
			if !o.json() {
				o.warn(plan.Warnings)
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
	s := c.out.style
	to := count(len(matches), "destination")
	if len(matches) == 0 {
		to = s.warning("no destination")
	}
	fmt.Fprintf(c.out, "%s goes to %s\n", s.heading(visible(profile)), to)
	for _, l := range lines {
		fmt.Fprintf(c.out, "  %s\n      %s\n", l.name(s), s.faint(l.reason(plan.MatchPlugin)))
	}
	return nil
}

func (l routeLine) name(s style) string {
	if l.Matches {
		return s.success("+ " + visible(l.Destination))
	}
	return s.faint("- " + visible(l.Destination))
}

func (l routeLine) reason(plugin string) string {
	verdict := "matches"
	if !l.Matches {
		verdict = "does not match"
	}
	return fmt.Sprintf("%s: the %s %q %s", l.where(), plugin, visible(l.Pattern), verdict)
}

// where says where in the file the pattern stands; encrypted files have no lines.
func (l routeLine) where() string {
	if l.Line == 0 {
		return visible(l.Section)
	}
	return fmt.Sprintf("line %d, %s", l.Line, visible(l.Section))
}
