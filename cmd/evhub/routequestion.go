package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/eventline"
)

// question is what evhub routes is asked about.
type question struct {
	event hub.Event
	// known: the event has tags and a body; else there is nothing but its profile.
	known bool
}

func (q question) profile() string { return cmp.Or(q.event.Profile, "default") }

// questions returns one question for each profile, or the one about --event.
func (f *routesFlags) questions(cmd *cobra.Command, profiles []string) ([]question, error) {
	given := cmd.Flags().Changed
	parts := given("tags") || given("body")
	switch {
	case given("event") && parts:
		return nil, errors.New("--event has tags and a body: give it, or --tags and --body")
	case given("event") && len(profiles) > 0:
		return nil, errors.New(`--event has a profile: {"profile": ..., "body": ...}; give no other`)
	case !given("event") && len(profiles) == 0:
		return nil, fmt.Errorf("want an acct file and at least one profile, or --event (see %q)", cmd.CommandPath()+" --help")
	case given("event"):
		e, err := eventline.Parse([]byte(f.event))
		if err != nil {
			return nil, fmt.Errorf("--event: %w", err)
		}
		return []question{{e, true}}, nil
	}
	e, err := f.parts(given)
	if err != nil {
		return nil, err
	}
	var asked []question
	for _, profile := range profiles {
		e.Profile = profile
		asked = append(asked, question{e, parts})
	}
	return asked, nil
}

// parts returns the event of --tags and --body.
func (f *routesFlags) parts(given func(string) bool) (e hub.Event, err error) {
	if given("tags") {
		s := singleEvent{tags: f.tags, tagsGiven: true}
		if e.Tags, err = s.tagObject(); err != nil {
			return e, err
		}
	}
	if given("body") {
		if !json.Valid([]byte(f.body)) {
			return e, fmt.Errorf("--body is not JSON: %w", syntaxError(f.body))
		}
		e.Body = json.RawMessage(f.body)
	}
	return e, nil
}

// ask returns what each destination of plan says. Of a profile alone, which may be none that an event can have, the
// filters are not asked.
func (q question) ask(plan *hub.Plan) ([]hub.Verdict, error) {
	if q.known {
		return plan.Explain(q.event)
	}
	verdicts := make([]hub.Verdict, len(plan.Destinations))
	for _, i := range plan.Route(q.profile()) {
		verdicts[i].Matches = true
	}
	return verdicts, nil
}
