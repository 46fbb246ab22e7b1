package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

// errorEvents are the flags that turn on events that tell of failed deliveries.
type errorEvents struct {
	on       bool
	callback string
}

// idemErrorCallback is the reference that Idem has to its handler of failed deliveries.
const idemErrorCallback = "idem.event.publish_error_callback_handler"

func (f *errorEvents) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "error-events", false,
		"put an event on the same profile, for the other destinations, when one does without an event for good")
	flags.StringVar(&f.callback, "error-callback-ref", "", "as Idem has it: "+idemErrorCallback+" means --error-events")
	_ = flags.MarkHidden("error-callback-ref") // fails only for a flag that does not exist
}

func (f *errorEvents) check() error {
	if f.callback != "" && f.callback != idemErrorCallback {
		return fmt.Errorf("--error-callback-ref %s: there is %s alone; --error-events turns it on", f.callback, idemErrorCallback)
	}
	return nil
}

func (f *errorEvents) options() []hub.Option {
	if f.on || f.callback != "" {
		return []hub.Option{hub.WithErrorEvents()}
	}
	return nil
}
