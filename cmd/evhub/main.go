// Command evhub fires events and fans each one out to every broker whose pattern in an acct file matches the event's
// profile.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func main() {
	// net/http quotes there what an endpoint sends out of turn, which may be a token that it was given.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	// Where a control group limits memory, the collector is told before the kernel is. Without one, or with GOMEMLIMIT given,
	// this does nothing.
	_, _ = memlimit.Set(memlimit.WithRatio(0.8))
	os.Exit(run(context.Background(), os.Args[1:], newConsole(os.Stdin, os.Stdout, os.Stderr)))
}
