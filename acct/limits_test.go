package acct_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/acct"
)

const mib = 1 << 20

// fill repeats unit after head up to the size limit of a file.
func fill(head, unit string) string { return head + strings.Repeat(unit, (mib-len(head))/len(unit)) }

// numbered returns n lines, each with another key.
func numbered(indent string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(indent + "key" + strconv.Itoa(i) + ": b\n")
	}
	return b.String()
}

func deepIndent() string {
	var b strings.Builder
	for i := 0; b.Len()+i+3 < mib; i++ {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func billionLaughs(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := 1; i < levels; i++ {
		n, before := strconv.Itoa(i), "*a"+strconv.Itoa(i-1)
		b.WriteString("a" + n + ": &a" + n + " [" + strings.Repeat(before+", ", 8) + before + "]\n")
	}
	return b.String()
}

// bombs ask for much more than their size. Those with "below" in their names stay just within the limits.
func bombs() map[string]string {
	return map[string]string{
		"billion laughs":          billionLaughs(60),
		"merge laughs":            "kafka:\n  x: &b {y: 1}\n  z: {<<: [" + strings.Repeat("*b, ", 24000) + "*b]}\n",
		"cycle":                   "kafka: &a {x: *a}\n",
		"10 MB":                   strings.Repeat("a: b\n", 2*mib),
		"flow lists":              fill("kafka: ", "["),
		"flow maps":               fill("kafka: ", "{a: "),
		"block lists":             fill("kafka:\n  ", "- "),
		"complex keys":            fill("", "? "),
		"elements":                fill("kafka: [", "a,"),
		"lines":                   fill("", "a: b\n"),
		"comments":                fill("", "#\n"),
		"long comments":           fill("", "# a comment of usual length, repeated\n"),
		"long anchor":             fill("kafka: &", "a"),
		"long key":                fill("", "k"),
		"long text, no end":       fill(`kafka: "`, "x"),
		"escapes, no end":         fill(`kafka: "`, `\u0041`),
		"deep indent":             deepIndent(),
		"documents":               fill("", "---\n"),
		"directives":              fill("", "%a b\n"),
		"flow lists, below":       strings.Repeat("[", 49_000),
		"block lists, below":      strings.Repeat("- ", 49_000),
		"complex keys, below":     strings.Repeat("? ", 49_000),
		"same key, below":         strings.Repeat("a: b\n", 24_000),
		"unknown sections, below": numbered("", 24_000),
		"unknown keys, below":     "kafka:\n  x:\n" + numbered("    ", 24_000),
		"comments, below":         strings.Repeat("a: b # c\n", 24_000),
		"elements, below":         "kafka: [" + strings.Repeat("a,", 49_000) + "]",
		"anchors, below":          "kafka: [" + strings.Repeat("&a a,", 49_000) + "]",
		"aliases, below":          "kafka: [&a a," + strings.Repeat("*a,", 49_000) + "]",
		"tags, below":             "kafka: [" + strings.Repeat("!foo a,", 49_000) + "]",
		"patterns, below":         "kafka: [" + strings.Repeat("{x: {y: a}},", 8_000) + "]",
		"text lines, below":       "a: |\n" + strings.Repeat("  b\n", 49_000),
	}
}

func TestBombsAreHandledQuickly(t *testing.T) {
	const (
		longest = 100 * time.Millisecond * slower
		most    = 64 * mib
	)
	for name, text := range bombs() {
		if slower > 1 && strings.Contains(name, "below") {
			continue // these work hard, and say nothing more about races
		}
		t.Run(name, func(t *testing.T) {
			data := []byte(text)
			var elapsed time.Duration
			for range 10 { // the collector computes too
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := processorTime(t)
				_ = decodeAll(data)
				elapsed = processorTime(t) - start
				runtime.ReadMemStats(&after)
				if allocated := after.TotalAlloc - before.TotalAlloc; allocated > most*slower {
					t.Fatalf("allocated %d MiB", allocated/mib)
				}
				if elapsed < longest {
					return
				}
			}
			t.Errorf("took %v of the processor", elapsed)
		})
	}
}

// decodeAll does what a hub does with a file.
func decodeAll(data []byte) error {
	f, err := acct.Parse("acct.yaml", data)
	if err != nil {
		return err
	}
	entries, _, err := f.Entries([]string{"kafka", "pika", "amqp", "rabbitmq", "internal"})
	for _, e := range entries {
		var c broad
		if wrong := e.Decode(&c); wrong != nil {
			err = wrong
		}
	}
	return err
}

func TestLimits(t *testing.T) {
	nested := func(depth int) string {
		return "other: " + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "\n"
	}
	tooMany := "acct.yaml: has over 50,000 keys, values and lines, counting what aliases stand for; split the file"
	checkParse(t, map[string]parseCase{
		"1 MiB":         {in: "a: " + strings.Repeat("x", mib-3)},
		"over 1 MiB":    {in: "a: " + strings.Repeat("x", mib-2), want: "acct.yaml: is larger than 1 MiB"},
		"64 levels":     {in: nested(63)},
		"70 levels":     {in: nested(70), want: "acct.yaml:1: is nested over 64 levels deep"},
		"levels, alias": {in: "a: &a " + nested(40)[7:] + "b: &b [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n", want: "acct.yaml:2: is nested over 64 levels deep"},
		"cycle":         {in: "a: 1\nb: &b [*b]\n", want: "acct.yaml:2: an anchor contains an alias to itself"},
		"laughs":        {in: billionLaughs(3)},
		"more laughs":   {in: billionLaughs(9), want: "acct.yaml:5: has over 50,000 keys, values and lines, counting what aliases stand for; split the file"},
		"many lines":    {in: strings.Repeat("#\n", 50_001), want: tooMany},
	})
}
