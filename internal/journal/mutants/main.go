// Command mutants shows that the tests of the journal find faults: it puts one fault after another into the journal,
// runs the tests against each, and says which caught it. It fails if one is caught by none, or cannot be put in any more.
// Nothing in the source tree is changed: the compiler is given the faulty file in place of the right one.
//
//	go run ./internal/journal/mutants [-run regexp] [-in packages] [-v]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"
)

func main() {
	only := flag.String("run", "", "only the mutants whose name this regular expression matches")
	in := flag.String("in", packages, "the packages whose tests are run")
	verbose := flag.Bool("v", false, "print what the tests print")
	flag.Parse()
	match, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants: -run:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	survived := runAll(ctx, match, suite{packages: strings.Fields(*in), verbose: *verbose})
	stop()
	if survived > 0 {
		os.Exit(1)
	}
}

// runAll runs the tests against each mutant and returns how many were not caught.
func runAll(ctx context.Context, match *regexp.Regexp, tests suite) (survived int) {
	caught := 0
	start := time.Now()
	if by, err := tests.run(ctx, ""); err != nil || len(by) > 0 {
		fmt.Printf("mutants: the journal as it is does not pass: %s %v\n", strings.Join(by, ", "), err)
		return 1
	}
	for _, m := range mutants() {
		if !match.MatchString(m.name) || ctx.Err() != nil {
			continue
		}
		began := time.Now()
		by, err := m.test(ctx, tests)
		took := time.Since(began).Round(time.Second)
		if err == nil && len(by) == 0 {
			err = errors.New("no test fails")
		}
		if err != nil {
			survived++
			fmt.Printf("SURVIVED  %-60s %v (%v)\n", m.name, err, took)
			continue
		}
		caught++
		fmt.Printf("caught    %-60s by %s (%v)\n", m.name, strings.Join(by, ", "), took)
	}
	if ctx.Err() != nil {
		fmt.Println("mutants: stopped early")
		survived++
	}
	fmt.Printf("proof: mutants: %d caught, %d not, in %v\n", caught, survived, time.Since(start).Round(time.Second))
	return survived
}
