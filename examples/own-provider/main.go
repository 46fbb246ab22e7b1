// Command own-provider sends events through a provider of its own, package lines, beside those that come with evhub.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/examples/own-provider/lines"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "own-provider:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	address, stop, err := listen()
	if err != nil {
		return err
	}
	defer stop()
	file, err := acct.Load("acct.yaml", acct.Options{Getenv: func(name string) string {
		if name == "LINES_ADDRESS" {
			return address
		}
		return os.Getenv(name)
	}})
	if err != nil {
		return err
	}
	h, err := hub.Open(ctx, file, hub.WithProviders(append(all.Providers(), lines.Provider())...))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return errors.Join(put(ctx, h), h.Close(ctx))
}

func put(ctx context.Context, h *hub.Hub) error {
	for i, name := range []string{"Ada", "", "Grace"} {
		receipt, err := h.PutWait(ctx, hub.Event{Profile: "guests", Body: name, ID: fmt.Sprintf("guest-%d", i+1)})
		if err != nil {
			return err
		}
		for _, r := range receipt.Results {
			fmt.Println(receipt.ID, "is", r.State, "at", r.Destination)
			if r.Err != nil {
				fmt.Println("  because", r.Err)
			}
		}
	}
	return nil
}
