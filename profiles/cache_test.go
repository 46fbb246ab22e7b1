package profiles_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/profiles"
)

// TestTableMemoryIsBounded asks for far more distinct profiles than a cache may hold, and for ones too long to keep.
func TestTableMemoryIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ profiles, length int }{
		"many": {40_000, 1000},
		"long": {1000, 64 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			table := mustTable(t, profiles.Glob, "*a", "*b", "name")
			filling := strings.Repeat("x", c.length)
			before := heap()
			for i := range c.profiles {
				table.Match(fmt.Sprintf("%s%da", filling, i))
			}
			if grown := heap() - before; grown > 10<<20 {
				t.Errorf("%d profiles of %d bytes left %d bytes, want at most 10 MiB", c.profiles, c.length, grown)
			}
			if diff := cmp.Diff([]int{0}, table.Match("hot a")); diff != "" {
				t.Errorf("after the flood: (-want +got)\n%s", diff)
			}
		})
	}
}

// heap returns the bytes that are still in use.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// counted counts how often a pattern is asked.
type counted struct{ asked *int }

func (c counted) Match(string) bool { *c.asked++; return true }

// TestFloodDoesNotStarveKnownProfiles mixes each look-up of a known profile with one of a new one.
func TestFloodDoesNotStarveKnownProfiles(t *testing.T) {
	asked := 0
	table := mustTable(t, func(string) (profiles.Matcher, error) { return counted{&asked}, nil }, "any")
	const rounds = 20_000
	for i := range rounds {
		table.Match("known")
		table.Match(fmt.Sprint("new-", i))
	}
	// One new profile in 256 falls into the known one's bucket, four of them push it out.
	if again := asked - rounds; again > rounds/100 {
		t.Errorf("the known profile was looked up anew %d times of %d", again, rounds)
	}
}

// TestKnownProfilesStay goes round a set of profiles that is a tenth of the cache.
func TestKnownProfilesStay(t *testing.T) {
	asked := 0
	table := mustTable(t, func(string) (profiles.Matcher, error) { return counted{&asked}, nil }, "any")
	const known = 400
	for range 2 {
		asked = 0
		for i := range known {
			table.Match(fmt.Sprint("known-", i))
		}
	}
	if asked > known/10 {
		t.Errorf("the second round looked up %d of %d profiles anew", asked, known)
	}
}
