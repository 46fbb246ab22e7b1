// Command mutants shows that the tests of the journal find faults: it puts one fault after another into the journal,
// runs the tests against each, and says which caught it. It fails if one is caught by none, or cannot be put in any more.
// Nothing in the source tree is changed: the compiler is given the faulty file in place of the right one.
//
//	go run ./internal/journal/mutants [-run regexp] [-v]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	only := flag.String("run", "", "only the mutants whose name this regular expression matches")
	verbose := flag.Bool("v", false, "print what the tests print")
	flag.Parse()
	match, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants: -run:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	survived := runAll(ctx, match, *verbose)
	stop()
	if survived > 0 {
		os.Exit(1)
	}
}

// runAll runs the tests against each mutant and returns how many were not caught.
func runAll(ctx context.Context, match *regexp.Regexp, verbose bool) (survived int) {
	caught := 0
	start := time.Now()
	for _, m := range mutants() {
		if !match.MatchString(m.name) || ctx.Err() != nil {
			continue
		}
		began := time.Now()
		by, err := m.test(ctx, verbose)
		took := time.Since(began).Round(time.Second)
		if err != nil {
			survived++
			fmt.Printf("SURVIVED  %-55s %v (%v)\n", m.name, err, took)
			continue
		}
		caught++
		fmt.Printf("caught    %-55s by %s (%v)\n", m.name, by, took)
	}
	if ctx.Err() != nil {
		fmt.Println("mutants: stopped early")
		survived++
	}
	fmt.Printf("proof: mutants: %d caught, %d not, in %v\n", caught, survived, time.Since(start).Round(time.Second))
	return survived
}
