// Command own-matcher has patterns of its own kind: the topics of MQTT.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/memory"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "own-matcher:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	file, err := acct.Load("acct.yaml", acct.Options{})
	if err != nil {
		return err
	}
	queues := memory.New()
	h, err := hub.Open(ctx, file, hub.WithProviders(queues.Provider()), hub.WithMatcher("topic", compileTopic))
	if err != nil {
		return err
	}
	_, err = h.PutAll(ctx, []hub.Event{
		{Profile: "site/north/temperature", Body: 21.5},
		{Profile: "site/north/door/1", Body: "open"},
		{Profile: "site/south/temperature", Body: 25},
	})
	if err := errors.Join(err, h.Close(ctx)); err != nil {
		return err
	}
	for _, key := range queues.RoutingKeys() {
		for _, m := range queues.Queue(key).Snapshot() {
			fmt.Printf("%-12s  %-22s  %s\n", key, m.Profile, m.Body)
		}
	}
	return nil
}
