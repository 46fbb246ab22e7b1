package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/hubslog"
)

// logPlugin says where the command's log goes beside standard error, in Idem's words.
type logPlugin struct {
	name    string
	options []string

	handler *hubslog.Handler // nil: nowhere
}

func (l *logPlugin) addFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&l.name, "log-plugin", "", "event: also fire what is logged as events, through the hub that the command opens, if it opens one")
	flags.StringSliceVar(&l.options, "log-handler-options", nil, "for --log-plugin=event: `profile=NAME` of the events (default idem-logger), as-sent=true for what Idem 25 sends")
	completeWith(root, "log-plugin", "event")
}

// open makes the handler that the flags ask for, which logs to next too.
func (l *logPlugin) open(next slog.Handler, level slog.Level) error {
	o := hubslog.Options{Level: level, Next: next}
	for _, option := range l.options {
		switch key, value, _ := strings.Cut(option, "="); {
		case key == "profile" && value != "":
			o.Profile = value
		case key == "as-sent" && (value == "true" || value == "false"):
			o.AsSent = value == "true"
		default:
			return fmt.Errorf("--log-handler-options %q: want profile=NAME or as-sent=true", option)
		}
	}
	switch {
	case l.name == "event":
		l.handler = hubslog.New(o)
	case l.name != "":
		return fmt.Errorf("--log-plugin %q: there is no such plugin; want event, or leave it out to log on standard error alone", l.name)
	case len(l.options) > 0:
		return fmt.Errorf("--log-handler-options is for --log-plugin=event")
	}
	return nil
}

// attach has what is logged fired through h.
func (l *logPlugin) attach(h *hub.Hub) {
	if l.handler != nil {
		l.handler.Attach(h)
	}
}

// close ends what a command that failed has left open.
func (l *logPlugin) close() {
	if l.handler != nil {
		l.handler.Close()
	}
}

// closeHub closes h; with --log-plugin=event what is logged of the last deliveries is fired before. No command closes a
// hub in another way once it has put something.
func (o *options) closeHub(ctx context.Context, h *hub.Hub) error {
	if handler := o.plugin.handler; handler != nil {
		_ = h.Flush(ctx) // Close says what is not delivered
		handler.Close()
		if n := handler.Dropped(); n > 0 {
			o.logger().Warn("log records did not become events: the hub did not take them", "dropped", n)
		}
	}
	return h.Close(ctx)
}
