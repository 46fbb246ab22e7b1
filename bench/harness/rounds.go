package harness

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// Options of a comparison.
type Options struct {
	// Rounds is how often each contestant runs.
	Rounds int
	// Events replaces the group's; 0 does not. Body is the size of an event's body in bytes.
	Events, Body int
	// Full takes as many events as the group's full form has.
	Full bool
	// Only leaves out the contestants whose name has none of these words in it; those that others compare with stay.
	Only []string
	// Profiles is a folder for a CPU profile of each run; "" for none.
	Profiles string
	// Timeout bounds one run.
	Timeout time.Duration
	// Progress tells of each run.
	Progress io.Writer
}

// outcome is one contestant's result in one round.
type outcome struct {
	Result
	err error
}

// Table holds the results of a group: for each contestant one of each round.
type Table struct {
	Group    Group
	names    []string
	outcomes map[string][]outcome
}

// Run lets the contestants of g take turns. A contestant that fails does not stop the others; ctx does.
func Run(ctx context.Context, g Group, o Options) (*Table, error) {
	table := &Table{Group: g, names: chosen(g, o), outcomes: map[string][]outcome{}}
	for round := range o.Rounds {
		for i := range table.names {
			// Each round begins with another one, so that nobody always runs behind the same neighbour's dust.
			name := table.names[(i+round)%len(table.names)]
			result, err := runOne(ctx, g, name, round, o)
			if ctx.Err() != nil {
				return table, ctx.Err()
			}
			table.outcomes[name] = append(table.outcomes[name], outcome{result, err})
			report(o.Progress, g, name, round, result, err)
		}
	}
	return table, nil
}

// chosen returns the names of those who take part.
func chosen(g Group, o Options) (names []string) {
	needed := map[string]bool{}
	for _, c := range g.Contestants {
		if (o.Full || !c.FullOnly) && wanted(c.Name, o.Only) {
			needed[c.Name] = true
			for _, name := range g.against(c.Name) {
				needed[name] = true
			}
		}
	}
	for _, c := range g.Contestants {
		if needed[c.Name] {
			names = append(names, c.Name)
		}
	}
	return names
}

func wanted(name string, only []string) bool {
	for _, word := range only {
		if strings.Contains(name, word) {
			return true
		}
	}
	return len(only) == 0
}

func runOne(ctx context.Context, g Group, name string, round int, o Options) (r Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	t := Task{Group: g.Name, Contestant: name, Kind: g.Kind, Events: g.Events, WarmUp: g.WarmUp, Body: o.Body}
	if o.Full {
		t.Events = max(g.Events, g.Full)
	}
	if o.Events > 0 {
		t.Events, t.WarmUp = o.Events, min(g.WarmUp, o.Events)
	}
	if fewer := g.contestant(name).Fewer; fewer > 0 {
		t.Events, t.WarmUp = max(1, t.Events/fewer), t.WarmUp/fewer
	}
	if o.Profiles != "" {
		t.Profile = filepath.Join(o.Profiles, fileName(g.Name, name, round))
	}
	if g.Prepare == nil {
		return inProcess(ctx, t)
	}
	finish, err := g.Prepare(ctx, &t)
	if err != nil {
		return r, err
	}
	r, err = inProcess(ctx, t)
	if finishErr := finish(ctx, r.Published); err == nil {
		err = finishErr
	}
	return r, err
}

// fileName is the name of a profile, free of what a shell would have to quote.
func fileName(group, contestant string, round int) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, contestant)
	return fmt.Sprintf("%s_%s_%d.pprof", group, plain, round)
}

func report(w io.Writer, g Group, name string, round int, r Result, err error) {
	switch {
	case err != nil:
		fmt.Fprintf(w, "%s, round %d: %s: %v\n", g.Name, round+1, name, err)
	case g.Kind == Latency:
		fmt.Fprintf(w, "%s, round %d: %s: p50 %v, p99 %v\n", g.Name, round+1, name, r.P50, r.P99)
	case g.Kind == StartUp:
		fmt.Fprintf(w, "%s, round %d: %s: %v\n", g.Name, round+1, name, r.Wall)
	default:
		fmt.Fprintf(w, "%s, round %d: %s: %.0f events/s\n", g.Name, round+1, name, r.rate())
	}
}
