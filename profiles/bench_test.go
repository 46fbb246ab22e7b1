package profiles_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evhub/evhub/profiles"
)

func benchTable(b *testing.B) *profiles.Table {
	patterns := []string{"idem-status", "idem-*", "*-run", "salt/job/*/ret/*"}
	for i := range 40 {
		patterns = append(patterns, fmt.Sprintf("team-%d-*", i))
	}
	return mustTable(b, profiles.Glob, patterns...)
}

func BenchmarkTableHit(b *testing.B) {
	table := benchTable(b)
	b.ReportAllocs()
	for b.Loop() {
		table.Match("idem-status")
	}
}

func BenchmarkTableHitParallel(b *testing.B) {
	table := benchTable(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			table.Match("idem-status")
		}
	})
}

func BenchmarkTableMiss(b *testing.B) {
	table := benchTable(b)
	names := make([]string, 1<<16)
	for i := range names {
		names[i] = fmt.Sprint("idem-", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		table.Match(names[i%len(names)])
	}
}

func BenchmarkMatch(b *testing.B) {
	for name, c := range map[string]struct {
		compile profiles.Compile
		pattern string
	}{
		"glob":       {profiles.Glob, "idem-*"},
		"glob set":   {profiles.Glob, "idem-[a-z]*"},
		"glob stars": {profiles.Glob, strings.Repeat("*a", 100) + "*b"},
		"regex":      {profiles.Regex, `idem-\w+`},
	} {
		b.Run(name, func(b *testing.B) {
			m, err := c.compile(c.pattern)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				m.Match("idem-status")
			}
		})
	}
}

func BenchmarkCompileRegex(b *testing.B) {
	for _, pattern := range []string{`idem-.*`, `\w+`, `(?i)idem-.*`} {
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := profiles.Regex(pattern); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
