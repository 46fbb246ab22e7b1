package profiles_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/profiles"
)

func mustTable(t testing.TB, compile profiles.Compile, patterns ...string) *profiles.Table {
	t.Helper()
	table, err := profiles.NewTable(compile, patterns)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestTableMatchesAllInOrder(t *testing.T) {
	patterns := []string{"idem-*", "idem-status", "*", "idem-status", "x", "idem-*"}
	table := mustTable(t, profiles.Glob, patterns...)
	for profile, want := range map[string][]int{
		"idem-status": {0, 1, 2, 3, 5},
		"idem-run":    {0, 2, 5},
		"x":           {2, 4},
		"":            {2},
	} {
		for range 2 { // the second time from the cache
			if diff := cmp.Diff(want, table.Match(profile)); diff != "" {
				t.Errorf("%q: (-want +got)\n%s", profile, diff)
			}
		}
	}
	if diff := cmp.Diff(patterns, table.Patterns()); diff != "" {
		t.Errorf("Patterns: (-want +got)\n%s", diff)
	}
	if table.Len() != len(patterns) {
		t.Errorf("Len: %d, want %d", table.Len(), len(patterns))
	}
}

// TestTableKeepsItsLists checks that merging one answer leaves the lists alone that the next is made of.
func TestTableKeepsItsLists(t *testing.T) {
	table := mustTable(t, profiles.Glob, "?", "*", "?", "?")
	for _, profile := range []string{"x", "y", "z"} {
		if diff := cmp.Diff([]int{0, 1, 2, 3}, table.Match(profile)); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", profile, diff)
		}
	}
}

func TestTableOfNames(t *testing.T) {
	table := mustTable(t, profiles.Regex, `a\.b`, "c", "a[.]b", "c", `a\.b`)
	for profile, want := range map[string][]int{"a.b": {0, 2, 4}, "c": {1, 3}, "a": nil} {
		if diff := cmp.Diff(want, table.Match(profile)); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", profile, diff)
		}
	}
	if got := mustTable(t, profiles.Glob).Match("a"); got != nil {
		t.Errorf("an empty table matches %v", got)
	}
}

func TestTableReportsEveryPattern(t *testing.T) {
	_, err := profiles.NewTable(profiles.Regex, []string{"ok", "a**", "b", "a**", "(" + strings.Repeat("x", 200)})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T is not joined: %v", err, err)
	}
	var indices []int
	for _, err := range joined.Unwrap() {
		var pattern *profiles.PatternError
		if !errors.As(err, &pattern) {
			t.Fatalf("%T: %v", err, err)
		}
		indices = append(indices, pattern.Index)
		if len(err.Error()) > 200 {
			t.Errorf("the error has %d bytes: %v", len(err.Error()), err)
		}
	}
	if diff := cmp.Diff([]int{1, 3, 4}, indices); diff != "" {
		t.Errorf("indices: (-want +got)\n%s", diff)
	}
}

func TestTableHitAllocatesNothing(t *testing.T) {
	table := mustTable(t, profiles.Glob, "idem-*", "idem-status", "salt/*/ret")
	for _, profile := range []string{"idem-status", "idem-run", "nothing"} {
		table.Match(profile)
		if allocs := testing.AllocsPerRun(100, func() { table.Match(profile) }); allocs != 0 {
			t.Errorf("%q: %v allocations for a hit, want 0", profile, allocs)
		}
	}
}

func TestTableIsSafeForConcurrentUse(t *testing.T) {
	table := mustTable(t, profiles.Glob, "a*", "*b", "[ab]*")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 5000 {
				name := fmt.Sprintf("a%db", i)
				if got := table.Match(name); len(got) != 3 {
					t.Errorf("%q: %v", name, got)
					return
				}
			}
		})
	}
	wg.Wait()
}

// checkTable compares a table with asking each pattern on its own, each profile twice.
func checkTable(t *testing.T, patterns, names []string) {
	t.Helper()
	table := mustTable(t, profiles.Glob, patterns...)
	for _, name := range append(names, names...) {
		var want []int
		for i, pattern := range patterns {
			m, err := profiles.Glob(pattern)
			if err != nil {
				t.Fatal(err)
			}
			if m.Match(name) {
				want = append(want, i)
			}
		}
		if diff := cmp.Diff(want, table.Match(name)); diff != "" {
			t.Errorf("patterns %q, name %q: (-want +got)\n%s", patterns, name, diff)
		}
	}
}

func TestTableAgreesWithItsMatchers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(alphabet string) string {
		b := make([]byte, random.IntN(4))
		for i := range b {
			b[i] = alphabet[random.IntN(len(alphabet))]
		}
		return string(b)
	}
	for range 200 {
		var patterns, names []string
		for range random.IntN(12) {
			patterns = append(patterns, text("ab*?[]!"))
		}
		for range 12 {
			names = append(names, text("ab[]!"))
		}
		checkTable(t, patterns, names)
	}
}

func FuzzTable(f *testing.F) {
	f.Add("a*\na\n*\na", "a\nab\n")
	f.Fuzz(func(t *testing.T, patterns, names string) {
		patterns, names = strings.ToValidUTF8(patterns, ""), strings.ToValidUTF8(names, "")
		if len(patterns) > 200 || len(names) > 200 {
			return
		}
		checkTable(t, strings.Split(patterns, "\n"), strings.Split(names, "\n"))
	})
}
