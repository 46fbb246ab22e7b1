package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/evhub/evhub/hub"
)

// acknowledge says of events that they are on disk: a line of JSON for each, all in one write.
func (p *putter) acknowledge(events []hub.Event) error {
	if !p.f.ack || len(events) == 0 {
		return nil
	}
	var text bytes.Buffer
	for _, e := range events {
		id, _ := json.Marshal(e.ID) // text always has an encoding
		fmt.Fprintf(&text, "{\"id\":%s}\n", id)
	}
	if _, err := p.o.console.out.Write(text.Bytes()); err != nil {
		return fmt.Errorf("acknowledgements cannot be written: %w", err)
	}
	return nil
}

// named gives an event that has no id one, so that it can be acknowledged.
func (p *putter) named(e hub.Event) hub.Event {
	if p.f.ack && e.ID == "" {
		e.ID = p.hub.NewID()
	}
	return e
}
