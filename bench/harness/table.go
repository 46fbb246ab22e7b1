package harness

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// rate is in events per second.
func (r Result) rate() float64 { return float64(r.Events) / r.Wall.Seconds() }

// perEvent returns what one event takes of a total.
func (r Result) perEvent(total float64) float64 { return total / float64(r.Events) }

func (r Result) cpuMicros() float64 { return r.perEvent(float64(r.CPU) / float64(time.Microsecond)) }

// score is what the ratios compare.
func (t *Table) score(r Result) float64 {
	if t.Group.Kind == Latency {
		return r.P50.Seconds()
	}
	return r.rate()
}

// Markdown writes the table.
func (t *Table) Markdown(w io.Writer) {
	reference := t.names[0]
	fmt.Fprintf(w, "### %s\n\n", t.Group.Title)
	first := "events/s (min / med / max)"
	if t.Group.Kind == Latency {
		first = "p50 µs (min / med / max) | p99 µs (min / med / max)"
	}
	fmt.Fprintf(w, "| contestant | ratio to %q in the round (min / med / max) | CPU µs/event (med, min) | %s | allocs, bytes /event | peak RSS MB |\n",
		reference, first)
	fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", 6+strings.Count(first, "|")))
	for _, name := range t.names {
		fmt.Fprintf(w, "| %s | %s |\n", name, strings.Join(t.row(name), " | "))
	}
	for _, name := range t.names {
		if _, failed := t.good(name); failed != nil {
			fmt.Fprintf(w, "\n%s failed: %v\n", name, failed)
		}
	}
	fmt.Fprintln(w)
}

// row returns the cells behind the name.
func (t *Table) row(name string) []string {
	results, failed := t.good(name)
	if len(results) == 0 {
		return []string{"failed"}
	}
	each := func(value func(Result) float64) spread {
		var values []float64
		for _, r := range results {
			values = append(values, value(r))
		}
		return spreadOf(values)
	}
	cpu := each(Result.cpuMicros)
	cells := []string{t.ratio(name), fmt.Sprintf("%s (%s)", number(cpu.median), number(cpu.least))}
	if t.Group.Kind == Latency {
		cells = append(cells, each(func(r Result) float64 { return float64(r.P50.Microseconds()) }).String(),
			each(func(r Result) float64 { return float64(r.P99.Microseconds()) }).String())
	} else {
		cells = append(cells, each(Result.rate).String())
	}
	allocs := each(func(r Result) float64 { return r.perEvent(float64(r.Allocs)) })
	bytes := each(func(r Result) float64 { return r.perEvent(float64(r.AllocBytes)) })
	rss := each(func(r Result) float64 { return float64(r.PeakRSS) / (1 << 20) })
	cells = append(cells, number(allocs.median)+", "+number(bytes.median), fmt.Sprintf("%.0f", rss.median))
	if failed != nil {
		cells[0] += fmt.Sprintf(" (failed in %d rounds)", len(t.outcomes[name])-len(results))
	}
	return cells
}

// good returns the results of the rounds that did not fail, and the error of one that did.
func (t *Table) good(name string) (results []Result, failed error) {
	for _, o := range t.outcomes[name] {
		if o.err != nil {
			failed = o.err
			continue
		}
		results = append(results, o.Result)
	}
	return results, failed
}

// ratio compares a contestant with the reference round by round.
func (t *Table) ratio(name string) string {
	var ratios []float64
	for round, o := range t.outcomes[name] {
		reference := t.outcomes[t.names[0]][round]
		if o.err == nil && reference.err == nil {
			ratios = append(ratios, t.score(o.Result)/t.score(reference.Result))
		}
	}
	if len(ratios) == 0 {
		return "-"
	}
	return spreadOf(ratios).String()
}
