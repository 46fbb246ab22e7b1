// Command verify checks the whole repository: form, lint, and the tests of every module. It is what "make test"
// and "make check" run. Its last line is
//
//	N passed, N failed, N skipped
//
// where each lowest subtest counts for one, as does each other check, and the lines before it say what was not run, and why.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	fast := flag.Bool("fast", false, "only what takes seconds: form, vet, lint and the short tests of the main module")
	only := flag.String("only", "", "run this step alone: form, vet, lint, test, fuzz, integration, proof or soak")
	fuzz := flag.Duration("fuzz", 3*time.Second, "how long to run each fuzz target")
	budget := flag.Duration("budget", 28*time.Minute, "give up after this")
	timeout := flag.Duration("timeout", 12*time.Minute, "how long the tests of one package may take")
	count := flag.Int("count", 1, "how often to run the integration tests")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *budget)
	defer cancel()

	modules, err := findModules(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2) //nolint:gocritic // nothing was started yet
	}
	v := &verifier{modules: modules, fuzzTime: *fuzz, timeout: *timeout, count: *count, out: os.Stdout}
	for _, s := range v.chosen(*fast, *only) {
		v.run(ctx, s)
	}
	if err := ctx.Err(); err != nil {
		v.total.fail("verify: stopped early: " + err.Error())
	}
	v.total.report(os.Stdout)
	if v.total.failed > 0 {
		os.Exit(1)
	}
}
