package profiles_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/evhub/evhub/profiles"
)

func ExampleGlob() {
	m, err := profiles.Glob("idem-[!x]*")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Match("idem-status"), m.Match("idem-xyz"), m.Match("my-idem-status"))
	// Output: true false false
}

func ExampleRegex() {
	m, err := profiles.Regex(`idem-(run|status)`)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Match("idem-status"), m.Match("idem-status-2"))

	_, err = profiles.Regex(`idem-(?!status).*`)
	fmt.Println(err)
	// Output:
	// true false
	// at byte 5: lookahead `(?!` cannot be done: evhub's regex is RE2, which runs in linear time
}

func ExampleTable() {
	table, err := profiles.NewTable(profiles.Glob, []string{"idem-*", "idem-status", "salt/*"})
	if err != nil {
		log.Fatal(err)
	}
	for _, profile := range []string{"idem-status", "idem-run", "default"} {
		fmt.Println(profile, table.Match(profile))
	}
	// Output:
	// idem-status [0 1]
	// idem-run [0]
	// default []
}

// The errors of all patterns come at once, and each names its place in the list.
func ExampleNewTable() {
	_, err := profiles.NewTable(profiles.Regex, []string{"(a", "b", "*c"})
	fmt.Println(err)
	var first *profiles.PatternError
	fmt.Println(errors.As(err, &first), first.Index)
	// Output:
	// pattern "(a": at byte 0: `(` is not closed
	// pattern "*c": at byte 0: there is nothing to repeat
	// true 0
}

// A pattern language of one's own is a function. Here a pattern is a list of prefixes.
func ExampleCompile() {
	compile := func(pattern string) (profiles.Matcher, error) {
		return prefixes(strings.Split(pattern, ",")), nil
	}
	table, err := profiles.NewTable(compile, []string{"idem,salt", "runner"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Match("salt/job"))
	// Output: [0]
}

type prefixes []string

func (p prefixes) Match(name string) bool {
	for _, prefix := range p {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
