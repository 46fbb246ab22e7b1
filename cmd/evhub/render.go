package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/hubtemplate"
)

// renderFlags are the flags of evhub render.
type renderFlags struct {
	put     putFlags
	data    string
	set     []string
	output  string
	runName string
}

func newRender(o *options) *cobra.Command {
	var f renderFlags
	cmd := &cobra.Command{
		Use:   "render FILE",
		Short: "Render a template that fires events while it is rendered",
		Long: `Render a template of Go's text/template (- is standard input) and print the document. Functions in it fire events:

  {{ put BODY [PROFILE [TAGS]] }}        waits for room, and for the disk with --journal
  {{ putNowait BODY [PROFILE [TAGS]] }}  waits for nothing: no room is an error

Both render as nothing. There are also dict KEY VALUE ..., list VALUE ..., fromJSON TEXT and toJSON VALUE:

  {{- range .hosts }}
  {{- put (dict "host" . "state" "planned") "inventory-host" (dict "type" "host") }}
  {{ . }}: {}
  {{- end }}

The data, which is what the dot is, is the object of --data, and --set adds texts to it. A name that is not in the
data is an error.

An error ends the rendering: nothing is printed, and what was fired before stays fired. With --output json the document
is a line {"document": ...}. What becomes of the events, --timeout, --journal and the exit codes are as for "evhub put";
1 is also a template that could not be rendered to its end.`,
		Example: `  evhub render site.tmpl -f acct.yaml --data hosts.json > site.yaml
  evhub render site.tmpl -f acct.yaml --data '{"hosts": ["web1", "web2"]}' --set env=test --output-file site.yaml`,
		Args: wantArgs(1, 1, "one template"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return usageError(err)
			}
			return runRender(cmd.Context(), o, &f, args[0])
		},
	}
	addAcctFlag(cmd, &f.put.acctFile)
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "data of the template: a `JSON` object, a file that holds one, or - for standard input")
	flags.StringArrayVar(&f.set, "set", nil, "a text in the data, as `key=value`; may be repeated, and goes before --data")
	flags.StringVar(&f.output, "output-file", "", "file to write the document to (default: standard output)")
	flags.StringVar(&f.runName, "run-name", "", `name of the run (default "cli")`)
	flags.BoolVar(&f.put.strict, "strict", false, "refuse events that match no destination, which ends the rendering")
	f.put.errors.add(cmd)
	flags.DurationVar(&f.put.timeout, "timeout", 5*time.Minute, "how long to wait for room, and for the deliveries after the rendering; 0: for ever")
	f.put.journal.add(cmd, "keep events in a journal in this directory until they are delivered (default: in memory)")
	_ = cmd.MarkFlagFilename("output-file") // fails only for a flag that does not exist
	return cmd
}

// check refuses flags that cannot be together.
func (f *renderFlags) check(cmd *cobra.Command) error {
	if f.put.journal.dir == "" && cmd.Flags().Changed("journal-max") {
		return errors.New("--journal-max is about a journal: give --journal DIR too")
	}
	return errors.Join(checkTimeout(f.put.timeout), f.put.errors.check(), f.put.journal.check(cmd))
}

func runRender(ctx context.Context, o *options, f *renderFlags, path string) error {
	r := &rendering{output: f.output}
	data, err := f.templateData(path, o.console)
	if err != nil {
		return usageError(err)
	}
	text, err := readInput(path, o.console)
	if err != nil {
		return usageError(err)
	}
	r.template, err = hubtemplate.New(ctx, r, path).Parse(text)
	if err != nil {
		return usageError(err)
	}
	file, err := loadAcct(f.put.acctFile)
	if err != nil {
		return err
	}
	summary := newSummary(f.put.journal.dir)
	opts := append(f.put.errors.options(), hub.WithHooks(summary.hooks()))
	if f.runName != "" {
		opts = append(opts, hub.WithRunName(f.runName))
	}
	if f.put.strict {
		opts = append(opts, hub.WithStrict())
	}
	h, err := o.openHub(ctx, file, &f.put.journal, "give another --journal DIR", opts...)
	if err != nil {
		return err
	}
	signals := notifySignals(ctx)
	defer signals.stop()
	r.putter = &putter{o: o, f: &f.put, hub: h, signals: signals, summary: summary}
	return r.putting(func() (bool, error) { return true, r.render(data) }, func() bool { return true })
}

// readInput reads a file, or standard input if path is -.
func readInput(path string, c console) (string, error) {
	if path == "-" {
		text, err := io.ReadAll(c.in)
		return string(text), err
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// rendering renders a template. It is the hub that the template fires events through.
type rendering struct {
	*putter
	template *template.Template
	output   string // file; "" for standard output
}

// render renders the template with data and writes the document.
func (r *rendering) render(data any) error {
	var doc bytes.Buffer
	if err := r.template.Execute(&doc, data); err != nil {
		return fmt.Errorf("%w; nothing is printed, and %s", err, r.firedText())
	}
	switch {
	case r.output != "":
		return os.WriteFile(r.output, doc.Bytes(), 0o666) //nolint:gosec // the umask says who may read it
	case r.o.json():
		return r.o.console.printJSON(map[string]string{"document": doc.String()})
	}
	_, err := r.o.console.out.Write(doc.Bytes())
	return err
}

// firedText says what of a rendering that failed cannot be taken back.
func (r *rendering) firedText() string {
	switch n := r.summary.accepted; n {
	case 0:
		return "no event was fired before"
	case 1:
		return "1 event was fired before, and stays fired"
	default:
		return fmt.Sprintf("%d events were fired before, and stay fired", n)
	}
}

// Put fires an event of the template, within --timeout.
func (r *rendering) Put(_ context.Context, e hub.Event) error {
	return r.fire(func() error {
		_, err := r.accept([]hub.Event{e})
		return err
	})
}

// PutNowait fires an event of the template.
func (r *rendering) PutNowait(e hub.Event) error {
	return r.fire(func() error {
		if r.signals.asked.Err() != nil {
			return context.Cause(r.signals.asked)
		}
		return r.hub.PutNowait(e)
	})
}

// fire counts what put does.
func (r *rendering) fire(put func() error) error {
	r.summary.read++
	err := put()
	switch {
	case err == nil:
		r.summary.accepted++
	case errors.Is(err, hub.ErrUncertain):
		r.summary.uncertain = fmt.Errorf("whether the last event is on disk is not known: %w", r.because(err))
	case errors.Is(err, context.DeadlineExceeded), r.signals.asked.Err() != nil:
		r.stop(nil, err)
	default:
		r.summary.refused++
	}
	return err
}
