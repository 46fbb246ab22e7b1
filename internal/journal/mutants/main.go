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
	"sync"
	"syscall"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	survived := runAll(ctx, match, suite{packages: strings.Fields(*in), verbose: *verbose})
	stop()
	if survived > 0 {
		os.Exit(1)
	}
}

// runAll runs the tests against each mutant and returns how many were not caught.
func runAll(ctx context.Context, match *regexp.Regexp, tests suite) (survived int) {
	start := time.Now()
	if by, err := tests.run(ctx, ""); err != nil || len(by) > 0 {
		fmt.Printf("mutants: the journal as it is does not pass: %s %v\n", strings.Join(by, ", "), err)
		return 1
	}
	caught := 0
	for r := range results(ctx, match, tests) {
		if r.err != nil {
			survived++
			fmt.Printf("SURVIVED  %-60s %v (%v)\n", r.name, r.err, r.took)
			continue
		}
		caught++
		fmt.Printf("caught    %-60s by %s (%v)\n", r.name, strings.Join(r.by, ", "), r.took)
	}
	if ctx.Err() != nil {
		fmt.Println("mutants: stopped early")
		survived++
	}
	fmt.Printf("proof: mutants: %d caught, %d not, in %v\n", caught, survived, time.Since(start).Round(time.Second))
	return survived
}

// result says which tests caught a mutant, or why none did.
type result struct {
	name string
	by   []string
	err  error
	took time.Duration
}

// results tests the mutants that match, two at a time, as most of what the tests do is in turn.
func results(ctx context.Context, match *regexp.Regexp, tests suite) <-chan result {
	queue, all := make(chan mutant), make(chan result)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for m := range queue {
				all <- m.result(ctx, tests)
			}
		})
	}
	go func() {
		defer close(all)
		for _, m := range mutants() {
			if match.MatchString(m.name) && ctx.Err() == nil {
				queue <- m
			}
		}
		close(queue)
		workers.Wait()
	}()
	return all
}

func (m mutant) result(ctx context.Context, tests suite) result {
	began := time.Now()
	by, err := m.test(ctx, tests)
	if err == nil && len(by) == 0 {
		err = errors.New("no test fails")
	}
	return result{m.name, by, err, time.Since(began).Round(time.Second)}
}
