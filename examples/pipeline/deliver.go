package main

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/hub"
)

// chunk is how many rows are delivered before the position is kept: so many may come twice after a kill.
const chunk = 100

// deliver puts the rows of t that were not delivered before. The position moves only once a chunk is delivered
// everywhere.
func deliver(ctx context.Context, h *hub.Hub, t *table) error {
	if err := t.skip(); err != nil {
		return err
	}
	for {
		events, err := t.next(chunk)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			fmt.Println("all", t.row, "rows are delivered")
			return nil
		}
		if _, err := h.PutAll(ctx, events); err != nil {
			return err
		}
		if err := h.Flush(ctx); err != nil {
			return err
		}
		// Refused events have left the hub too, as dead letters. They are not delivered.
		for letter, err := range h.DeadLetters(hub.DeadFilter{}) {
			if err != nil {
				return err
			}
			return fmt.Errorf("%s refuses %s: %s", letter.Destination, letter.Event.ID, letter.Reason)
		}
		if err := t.keepPosition(); err != nil {
			return err
		}
		fmt.Println(t.row, "rows")
	}
}
