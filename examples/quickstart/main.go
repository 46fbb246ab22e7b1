// Command quickstart puts events that go to the screen and to a file.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
)

type order struct {
	Number int     `json:"number"`
	Total  float64 `json:"total"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	file, err := acct.Load("acct.yaml", acct.Options{})
	if err != nil {
		return err
	}
	h, err := hub.Open(ctx, file, hub.WithProviders(all.Providers()...), hub.WithRunName("quickstart"))
	if err != nil {
		return err
	}
	err = putOrders(ctx, h)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return errors.Join(err, h.Close(ctx)) // Close delivers what is left, and says what it could not
}

func putOrders(ctx context.Context, h *hub.Hub) error {
	// Put takes the event and goes on; the hub delivers it.
	err := h.Put(ctx, hub.Event{Profile: "orders-created", Body: order{Number: 1, Total: 9.5}})
	if err != nil {
		return err
	}
	// PutWait waits until every destination has it.
	receipt, err := h.PutWait(ctx, hub.Event{
		Profile: "orders-created",
		Body:    order{Number: 2, Total: 20},
		Tags:    map[string]any{"urgent": true},
		ID:      "order-2",
	})
	if err != nil {
		return err
	}
	for _, r := range receipt.Results {
		fmt.Println(receipt.ID, "is", r.State, "at", r.Destination)
	}
	return receipt.Err()
}
