// Command evhub fires events and fans each one out to every broker whose pattern in an acct file matches the event's
// profile.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], newConsole(os.Stdin, os.Stdout, os.Stderr)))
}
