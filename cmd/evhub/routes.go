package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

// routesFlags are the flags of evhub routes.
type routesFlags struct {
	explain           bool
	event, tags, body string
}

func newRoutes(o *options) *cobra.Command {
	var f routesFlags
	var file acctFlags
	cmd := &cobra.Command{
		Use:   "routes FILE [PROFILE...]",
		Short: "Say which destinations get the events of a profile, and why",
		Long: `Say for each profile which destinations of an acct file get its events, and which pattern in which line decides
that. Nothing is connected and nothing is sent.

What a filter lets pass depends on the event: give one with --event, as a line of "evhub put" has it, or its --tags and
--body beside the profile. Then each condition is shown with the value that it is about.`,
		Example: `  evhub routes acct.yaml idem-status idem-run
  evhub routes --explain acct.yaml idem-status
  evhub routes acct.yaml --event '{"profile": "idem-status", "body": "FINISHED", "tags": {"type": "state-status"}}'
  evhub routes acct.yaml idem-run --tags '{"type": "state-result"}' --body '{"result": false}'`,
		Args: wantArgs(1, math.MaxInt, "an acct file and at least one profile"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, err := f.questions(cmd, args[1:])
			if err != nil {
				return usageError(err)
			}
			file.path = args[0]
			plan, err := loadPlan(o, file)
			if err != nil {
				return err
			}
			if !o.json() {
				o.warn(plan.Warnings)
			}
			for _, q := range asked {
				if err := printRoutes(o, plan, q, f.explain); err != nil {
					return err
				}
			}
			return nil
		},
	}
	file.key.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.explain, "explain", false, "also show the patterns that do not match")
	flags.StringVar(&f.event, "event", "", "an event whose values filters are asked about: a JSON object as in a line of \"evhub put\"")
	flags.StringVar(&f.tags, "tags", "", "tags of an event of the profiles, as a JSON object")
	flags.StringVar(&f.body, "body", "", "body of an event of the profiles: JSON text")
	return cmd
}

func printRoutes(o *options, plan *hub.Plan, q question, explain bool) error {
	lines, err := routeLines(plan, q)
	if err != nil {
		return usageError(err)
	}
	shown := []routeLine{}
	for _, l := range lines {
		if l.Matches || explain {
			shown = append(shown, l)
		}
	}
	c := o.console
	if o.json() {
		return c.printJSON(map[string]any{"profile": q.profile(), "match_plugin": plan.MatchPlugin, "routes": shown})
	}
	s := c.out.style
	fmt.Fprintf(c.out, "%s goes to %s\n", s.heading(visible(q.profile())), goesTo(s, lines))
	for _, l := range shown {
		fmt.Fprintf(c.out, "  %s\n", l.name(s))
		for _, reason := range l.reasons(plan.MatchPlugin) {
			fmt.Fprintf(c.out, "      %s\n", s.faint(reason))
		}
	}
	return nil
}

// goesTo counts the destinations that get the event, and those of which nobody knows without an event.
func goesTo(s style, lines []routeLine) string {
	sure, open := 0, 0
	for _, l := range lines {
		switch l.verdict() {
		case gets:
			sure++
		case depends:
			open++
		}
	}
	switch {
	case open > 0 && sure > 0:
		return fmt.Sprintf("%s, and %d more if the filter lets the event pass", count(sure, "destination"), open)
	case open > 0:
		return s.warning(count(open, "destination") + " if the filter lets the event pass")
	case sure == 0:
		return s.warning("no destination")
	}
	return count(sure, "destination")
}
