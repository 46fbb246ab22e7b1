// Command idem-profiles fires the events of an Idem run and shows which pattern gets which of them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/memory"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "idem-profiles:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	file, err := acct.Load("acct.yaml", acct.Options{})
	if err != nil {
		return err
	}
	queues := memory.New()
	h, err := hub.Open(ctx, file, hub.WithProviders(queues.Provider()), hub.WithRunName("nightly"))
	if err != nil {
		return err
	}
	_, err = h.PutAll(ctx, idemRun)
	if err := errors.Join(err, h.Close(ctx)); err != nil {
		return err
	}
	if err := show(queues); err != nil {
		return err
	}
	fmt.Printf("\n%d of %d events matched no pattern\n", h.Stats().Unmatched, h.Stats().Accepted)
	return nil
}

// show prints what each queue got, and the bodies of one, which are byte for byte what Idem would send.
func show(queues *memory.Memory) error {
	for _, key := range queues.RoutingKeys() {
		fmt.Printf("%s\n", key)
		for _, m := range queues.Queue(key).Snapshot() {
			var event struct{ Tags struct{ Type string } }
			if err := json.Unmarshal(m.Body, &event); err != nil {
				return err
			}
			fmt.Printf("  %-11s  %s\n", m.Profile, event.Tags.Type)
		}
	}
	fmt.Println("\nthe bodies in status:")
	for _, m := range queues.Queue("status").Snapshot() {
		fmt.Printf("%s\n", m.Body)
	}
	return nil
}
