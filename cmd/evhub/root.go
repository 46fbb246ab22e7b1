package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// options are the flags that every command has.
type options struct {
	console  console
	output   string
	logLevel string
}

// run runs the command line and returns its exit code.
func run(ctx context.Context, args []string, c console) int {
	root := newRoot(&options{console: c})
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	var exit *exitError
	if err != nil && !(errors.As(err, &exit) && exit.err == nil) {
		fmt.Fprintln(c.err, c.style(c.err).failure("evhub: ")+indented(err.Error()))
	}
	return codeOf(err)
}

// indented puts the further lines of a message that holds several errors below the first.
func indented(message string) string { return strings.ReplaceAll(message, "\n", "\n       ") }

func newRoot(o *options) *cobra.Command {
	root := &cobra.Command{
		Use:   "evhub",
		Short: "Fire events, and fan each one out to every broker whose pattern matches its profile",
		Long: `evhub fires events and fans each one out to every broker (Kafka, RabbitMQ, NATS, HTTP, files, ...) whose
pattern in an acct file matches the event's profile. Start with "evhub demo".`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return o.check()
		},
	}
	root.PersistentFlags().StringVarP(&o.output, "output", "o", "text", "how to print results: text or json")
	root.PersistentFlags().StringVar(&o.logLevel, "log-level", "warn", "what to log on standard error: debug, info, warn, error")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Errorf("%w (see %q)", err, cmd.CommandPath()+" --help"))
	})
	root.AddCommand(newPut(o), newCheck(o), newRoutes(o), newVersion(o))
	return root
}

func (o *options) check() error {
	if o.output != "text" && o.output != "json" {
		return usageError(fmt.Errorf("--output %s: want text or json", o.output))
	}
	if _, err := o.level(); err != nil {
		return usageError(err)
	}
	return nil
}

func (o *options) json() bool { return o.output == "json" }

func (o *options) level() (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(o.logLevel)); err != nil {
		return l, fmt.Errorf("--log-level %s: want debug, info, warn or error", o.logLevel)
	}
	return l, nil
}

// logger logs to standard error: as text, or as JSON with --output json.
func (o *options) logger() *slog.Logger {
	level, _ := o.level() // checked before any command runs
	handler := &slog.HandlerOptions{Level: level}
	if o.json() {
		return slog.New(slog.NewJSONHandler(o.console.err, handler))
	}
	return slog.New(slog.NewTextHandler(o.console.err, handler))
}

// exactArgs is cobra.ExactArgs with our exit code and a hint.
func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError(fmt.Errorf("want %s; got %d arguments (see %q)", what, len(args), cmd.CommandPath()+" --help"))
		}
		return nil
	}
}
