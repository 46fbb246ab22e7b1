// Command evhub fires events and fans each one out to every broker whose pattern in an acct file matches the event's
// profile.
package main

import (
	"context"
	"log/slog"
	"os"
)

func main() {
	// net/http quotes there what an endpoint sends out of turn, which may be a token that it was given.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(run(context.Background(), os.Args[1:], newConsole(os.Stdin, os.Stdout, os.Stderr)))
}
