package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// verifier runs steps and keeps count.
type verifier struct {
	modules  []string // folders that hold a go.mod, the main one first
	fuzzTime time.Duration
	timeout  time.Duration // for the tests of one package
	count    int           // runs of the integration tests
	out      io.Writer
	total    tally
}

// step is one kind of check.
type step struct {
	name string
	run  func(context.Context)
}

func (v *verifier) steps(fast bool) []step {
	all := []step{{"form", v.form}, {"vet", v.vet}, {"lint", v.lint}}
	if fast {
		return append(all, step{"test", v.shortTests})
	}
	return append(all, step{"test", v.tests}, step{"fuzz", v.fuzz}, step{"integration", v.integration})
}

// chosen are the steps to run: the one called only, if it is not empty, which may also be one that takes long.
func (v *verifier) chosen(fast bool, only string) []step {
	steps := v.steps(fast)
	if only == "" {
		return steps
	}
	steps = append(steps, step{"proof", v.proof}, step{"soak", v.soak})
	return slices.DeleteFunc(steps, func(s step) bool { return s.name != only })
}

func (v *verifier) run(ctx context.Context, s step) {
	if ctx.Err() != nil {
		v.total.skip("step "+s.name, "stopped before it")
		return
	}
	fmt.Fprintf(v.out, "== %s\n", s.name)
	start := time.Now()
	s.run(ctx)
	fmt.Fprintf(v.out, "   %s took %v\n", s.name, time.Since(start).Round(100*time.Millisecond))
}

// form checks that every Go file is formatted.
func (v *verifier) form(ctx context.Context) {
	out, err := output(ctx, ".", "gofmt", "-l", ".")
	if err == nil && len(out) > 0 {
		err = fmt.Errorf("not formatted (gofmt -w cures it)")
	}
	v.check("gofmt", out, err)
}

func (v *verifier) vet(ctx context.Context) {
	for _, m := range v.modules {
		out, err := output(ctx, m, "go", "vet", "./...")
		v.check("go vet in "+m, out, err)
	}
}

// shortTests leaves out the race detector and the modules that need brokers.
func (v *verifier) shortTests(ctx context.Context) {
	v.goTest(ctx, v.modules[0], "-short", "./...")
}

func (v *verifier) tests(ctx context.Context) {
	for _, m := range v.modules {
		if m != integrationModule {
			v.goTest(ctx, m, append(v.race(ctx), "-timeout", v.timeout.String(), "./...")...)
		}
	}
}

// integrationModule has the tests that need brokers. They run alone, one package after the other.
const integrationModule = "integration"

func (v *verifier) integration(ctx context.Context) {
	if _, err := os.Stat(filepath.Join(integrationModule, "go.mod")); err != nil {
		return
	}
	v.goTest(ctx, integrationModule, append(v.race(ctx),
		"-count", strconv.Itoa(v.count), "-p", "1", "-timeout", v.timeout.String(), "./...")...)
}

// check counts one check and shows what it printed if it failed.
func (v *verifier) check(name string, out []byte, err error) {
	if err == nil {
		v.total.passed++
		return
	}
	fmt.Fprintf(v.out, "%s--- FAIL: %s: %v\n", out, name, err)
	v.total.fail(name)
}
