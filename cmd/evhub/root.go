package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// options are the flags that every command has.
type options struct {
	console   console
	output    string
	logLevel  string
	allowExec bool
	plugin    logPlugin
}

// run runs the command line and returns its exit code.
func run(ctx context.Context, args []string, c console) int {
	o := &options{console: c}
	defer o.plugin.close()
	root := newRoot(o)
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	if !quiet(err) {
		fmt.Fprintln(c.err, c.err.style.failure("evhub: ")+indented(strings.TrimPrefix(err.Error(), "evhub: ")))
	}
	return codeOf(err)
}

// indented puts the further lines of a message that holds several errors below the first.
func indented(message string) string {
	var lines []string
	for line := range strings.SplitSeq(message, "\n") {
		lines = append(lines, visible(line))
	}
	return strings.Join(lines, "\n       ")
}

func newRoot(o *options) *cobra.Command {
	root := &cobra.Command{
		Use:   "evhub",
		Short: "Fire events, and fan each one out to every broker whose pattern matches its profile",
		Long: `evhub fires events and fans each one out to every broker (Kafka, RabbitMQ, NATS, HTTP, files, ...) whose
pattern in an acct file matches the event's profile. Start with "evhub demo".`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return o.check()
		},
	}
	asGroup(root)
	flags := root.PersistentFlags()
	flags.StringVarP(&o.output, "output", "o", "text", "how to print results: text or json")
	flags.StringVar(&o.logLevel, "log-level", "warn", "what to log on standard error: debug, info, warn or error")
	addAllowExec(root, o)
	completeWith(root, "output", "text", "json")
	completeWith(root, "log-level", "debug", "info", "warn", "error")
	o.plugin.addFlags(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd.HasSubCommands() { // a flag of a command that there is not: what is wrong is the command
			if unknown := knownCommand(cmd, cmd.Flags().Args()); unknown != nil {
				return unknown
			}
		}
		return usageError(fmt.Errorf("%w (see %q)", err, cmd.CommandPath()+" --help"))
	})
	root.AddCommand(newPut(o), newListen(o), newDrain(o), newDeadLetters(o), newJournal(o))
	root.AddCommand(newServe(o), newIngest(o), newCheck(o), newRoutes(o), newDemo(o), newRender(o), newMockAPI(o), newVersion(o))
	root.AddCommand(newAcct(o), newExamples(o))
	return root
}

// knownCommand refuses the name of a command that there is not.
func knownCommand(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := group.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	name := strings.TrimPrefix(group.CommandPath()+" "+args[0], "evhub ")
	return usageError(fmt.Errorf("no command %q%s (see %q)", name, hint, group.CommandPath()+" --help"))
}

// completeWith has shells offer values for a flag of cmd.
func completeWith(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
}

func (o *options) check() error {
	if o.output != "text" && o.output != "json" {
		return usageError(fmt.Errorf("--output %q: want text or json", o.output))
	}
	level, err := o.level()
	if err == nil {
		err = o.plugin.open(o.stderrHandler(level), level)
	}
	return usageError(err)
}

func (o *options) json() bool { return o.output == "json" }

func (o *options) level() (slog.Level, error) {
	switch o.logLevel {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("--log-level %q: want debug, info, warn or error", o.logLevel)
}

// logger logs to standard error, and whereto --log-plugin says.
func (o *options) logger() *slog.Logger {
	if o.plugin.handler != nil {
		return slog.New(o.plugin.handler)
	}
	level, _ := o.level() // checked before any command runs
	return slog.New(o.stderrHandler(level))
}

// stderrHandler logs to standard error: as text, or as JSON with --output json.
func (o *options) stderrHandler(level slog.Level) slog.Handler {
	handler := &slog.HandlerOptions{Level: level}
	w := io.Writer(o.console.err)
	if o.json() {
		return slog.NewJSONHandler(w, handler)
	}
	return slog.NewTextHandler(w, handler)
}

// noArgs is cobra.NoArgs with our exit code and a hint.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError(fmt.Errorf("%q takes no arguments; got %q (see %q)", cmd.CommandPath(), args[0], cmd.CommandPath()+" --help"))
	}
	return nil
}

// wantArgs refuses to run with fewer arguments than least or more than most; what says what they are.
func wantArgs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usageError(errors.New("want " + what + fmt.Sprintf("; got %s (see %q)", count(len(args), "argument"), cmd.CommandPath()+" --help")))
		}
		return nil
	}
}
