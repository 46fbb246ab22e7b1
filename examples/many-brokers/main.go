// Command many-brokers fires one event at two Kafka clusters, RabbitMQ and a webhook, and prints what became of it at
// each.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "many-brokers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	hook, err := startWebhook()
	if err != nil {
		return err
	}
	defer hook.stop()
	kafka := cmp.Or(os.Getenv("EVHUB_KAFKA"), "localhost:9092")
	environment := map[string]string{
		"EVHUB_KAFKA":   kafka,
		"EVHUB_KAFKA_2": cmp.Or(os.Getenv("EVHUB_KAFKA_2"), kafka),
		"EVHUB_AMQP":    cmp.Or(os.Getenv("EVHUB_AMQP"), "amqp://guest:guest@localhost:5672/"),
		"WEBHOOK_URL":   hook.url,
	}
	file, err := acct.Load("acct.yaml", acct.Options{Getenv: func(name string) string { return environment[name] }})
	if err != nil {
		return err
	}
	h, err := hub.Open(ctx, file, hub.WithProviders(all.Providers()...))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return errors.Join(put(ctx, h), h.Close(ctx))
}

func put(ctx context.Context, h *hub.Hub) error {
	receipt, err := h.PutWait(ctx, hub.Event{
		Profile: "orders-created",
		Body:    map[string]any{"number": 1, "total": 9.5},
		ID:      "order-1",
	})
	for _, r := range receipt.Results { // also those that were late
		fmt.Printf("%-9s  %s\n", r.State, r.Destination)
	}
	if err != nil {
		return err
	}
	return receipt.Err()
}
