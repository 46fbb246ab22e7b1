package harness

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0.12345: "0.123", 1: "1", 45.67: "45.7", 999: "999", 1000: "1,000", 1234567.8: "1,234,568",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %s, want %s", v, got, want)
		}
	}
}

func TestSpread(t *testing.T) {
	for want, values := range map[string][]float64{
		"1 / 2 / 3":   {3, 1, 2},
		"1 / 2.5 / 4": {4, 3, 2, 1},
		"7 / 7 / 7":   {7},
	} {
		if got := spreadOf(values).String(); got != want {
			t.Errorf("spread of %v = %s, want %s", values, got, want)
		}
	}
}

// Ratios are those within a round, even where the rounds differ more than the contestants.
func TestTableRatios(t *testing.T) {
	run := func(rate int) outcome {
		return outcome{Result: Result{Events: rate, Wall: time.Second, CPU: time.Duration(rate) * time.Microsecond}}
	}
	table := &Table{
		Group: Group{Title: "Title", Contestants: []Contestant{{Name: "raw"}, {Name: "ours"}, {Name: "broken"}}},
		names: []string{"raw", "ours", "broken"},
		outcomes: map[string][]outcome{
			"raw":    {run(100), run(1000), {err: errors.New("gone")}},
			"ours":   {run(90), run(800), run(1)},
			"broken": {{err: errors.New("first\nsecond")}, {err: errors.New("x")}, {err: errors.New("no\nway")}},
		},
	}
	var out strings.Builder
	table.Markdown(&out)
	for _, want := range []string{
		"### Title\n",
		"| raw | 1 / 1 / 1 (failed in 1 rounds) | 1 (1) | 100 / 550 / 1,000 |",
		"| ours | 0.8 / 0.85 / 0.9 | 1 (1) | 1 / 90 / 800 |",
		"| broken | failed |",
		"\nraw failed: gone\n",
		"\nbroken failed: no\nway\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// A contestant that compares with several is compared with the best of them in each round.
func TestTableComparesWithTheBest(t *testing.T) {
	run := func(ms time.Duration) outcome {
		return outcome{Result: Result{Events: 1, Wall: ms * time.Millisecond, P50: ms, P99: 2 * ms}}
	}
	table := &Table{
		Group: Group{Contestants: []Contestant{{Name: "a"}, {Name: "b"}, {Name: "ours", Against: []string{"a", "b"}}}},
		names: []string{"a", "b", "ours"},
		outcomes: map[string][]outcome{
			"a": {run(1), run(40)}, "b": {run(4), run(10)}, "ours": {run(2), run(20)},
		},
	}
	for kind, want := range map[Kind]string{
		Throughput: "| ours | 0.5 / 0.5 / 0.5 | ",
		Latency:    "| ours | 2 / 2 / 2 | 2 / 2 / 2 | ",
		StartUp:    "| ours | 2 / 2 / 2 | 2 / 11 / 20 | ",
	} {
		table.Group.Kind = kind
		var out strings.Builder
		table.Markdown(&out)
		if !strings.Contains(out.String(), want) {
			t.Errorf("kind %d: no %q in\n%s", kind, want, &out)
		}
	}
}
