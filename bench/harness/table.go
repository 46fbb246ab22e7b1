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

// column is one cell of each row.
type column struct {
	title string
	cell  func(t *Table, name string) string
}

// columns are those behind the name, for each kind of group.
func (k Kind) columns() []column {
	switch k {
	case Latency:
		return []column{
			ratio("p50", func(r Result) float64 { return r.P50.Seconds() }, false),
			ratio("p99", func(r Result) float64 { return r.P99.Seconds() }, false), cpu,
			spreads("p50 µs", func(r Result) float64 { return float64(r.P50.Microseconds()) }),
			spreads("p99 µs", func(r Result) float64 { return float64(r.P99.Microseconds()) }), allocs, rss,
		}
	case StartUp:
		return []column{
			ratio("time", func(r Result) float64 { return r.Wall.Seconds() }, false),
			spreads("ms", func(r Result) float64 { return float64(r.Wall.Microseconds()) / 1000 }), rss,
		}
	default:
		return []column{ratio("rate", Result.rate, true), cpu, spreads("events/s", Result.rate), allocs, rss}
	}
}

var (
	cpu = column{"CPU µs/event (med, min)", func(t *Table, name string) string {
		s := t.spread(name, Result.cpuMicros)
		return fmt.Sprintf("%s (%s)", number(s.median), number(s.least))
	}}
	allocs = column{"allocs, bytes /event", func(t *Table, name string) string {
		count := t.spread(name, func(r Result) float64 { return r.perEvent(float64(r.Allocs)) })
		bytes := t.spread(name, func(r Result) float64 { return r.perEvent(float64(r.AllocBytes)) })
		return number(count.median) + ", " + number(bytes.median)
	}}
	rss = column{"peak RSS MB", func(t *Table, name string) string {
		return fmt.Sprintf("%.0f", t.spread(name, func(r Result) float64 { return float64(r.PeakRSS) / (1 << 20) }).median)
	}}
)

// spreads is a column of what value says.
func spreads(title string, value func(Result) float64) column {
	return column{title + " (min / med / max)", func(t *Table, name string) string { return t.spread(name, value).String() }}
}

// ratio is a column that compares what value says with the best of those that the contestant compares with, round by
// round. more says whether more of it is better.
func ratio(title string, value func(Result) float64, more bool) column {
	return column{title + " ratio in the round (min / med / max)", func(t *Table, name string) string {
		var ratios []float64
		for round, o := range t.outcomes[name] {
			if best, ok := t.best(name, round, value, more); ok && o.err == nil {
				ratios = append(ratios, value(o.Result)/best)
			}
		}
		if len(ratios) == 0 {
			return "-"
		}
		cell := spreadOf(ratios).String()
		if n := t.failures(name); n > 0 {
			cell += fmt.Sprintf(" (failed in %d rounds)", n)
		}
		return cell
	}}
}

// best is the best value in a round of those that a contestant compares with; false if none of them has one.
func (t *Table) best(name string, round int, value func(Result) float64, more bool) (best float64, ok bool) {
	for _, other := range t.Group.against(name) {
		o := t.outcomes[other][round]
		if o.err != nil {
			continue
		}
		if v := value(o.Result); !ok || (v > best) == more {
			best, ok = v, true
		}
	}
	return best, ok
}

// Markdown writes the table.
func (t *Table) Markdown(w io.Writer) {
	columns := t.Group.Kind.columns()
	fmt.Fprintf(w, "### %s\n\n| contestant", t.Group.Title)
	for _, c := range columns {
		fmt.Fprintf(w, " | %s", c.title)
	}
	fmt.Fprintf(w, " |\n|%s\n", strings.Repeat("---|", 1+len(columns)))
	for _, name := range t.names {
		fmt.Fprintf(w, "| %s | %s |\n", name, strings.Join(t.row(name, columns), " | "))
	}
	for _, name := range t.names {
		if _, failed := t.good(name); failed != nil {
			fmt.Fprintf(w, "\n%s failed: %v\n", name, failed)
		}
	}
	fmt.Fprintln(w)
}

// row returns the cells behind the name.
func (t *Table) row(name string, columns []column) (cells []string) {
	if results, _ := t.good(name); len(results) == 0 {
		return []string{"failed"}
	}
	for _, c := range columns {
		cells = append(cells, c.cell(t, name))
	}
	return cells
}

// spread of what value says about the rounds that did not fail, of which there is one.
func (t *Table) spread(name string, value func(Result) float64) spread {
	results, _ := t.good(name)
	var values []float64
	for _, r := range results {
		values = append(values, value(r))
	}
	return spreadOf(values)
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

func (t *Table) failures(name string) int {
	results, _ := t.good(name)
	return len(t.outcomes[name]) - len(results)
}
