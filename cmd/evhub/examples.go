package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/idemjson"
)

func newExamples(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "examples",
		Short: "Print sample events of other systems",
		Long: `Prints sample events. On a terminal each is shown as its destinations get it; elsewhere, and with --output json,
each is a line as "evhub put" takes it.`,
		Example: `  evhub examples idem
  evhub examples idem | evhub put -f acct.yaml`,
	}
	asGroup(cmd)
	cmd.AddCommand(newExamplesIdem(o))
	return cmd
}

// sample is an event that shows what events of a kind are like.
type sample struct {
	// what it is about, in a line.
	what  string
	event hub.Event
}

// sampleLine is a sample in the form that evhub put takes. Bodies and tags are spelled JSON, which keeps its order.
type sampleLine struct {
	Profile string          `json:"profile"`
	Tags    json.RawMessage `json:"tags"`
	Body    json.RawMessage `json:"body"`
	RunName string          `json:"run_name"`
}

func newSampleLine(e hub.Event) (l sampleLine, err error) {
	l = sampleLine{Profile: e.Profile, RunName: e.RunName}
	if l.Tags, err = idemjson.AppendObject(nil, e.Tags); err != nil {
		return l, err
	}
	l.Body, err = idemjson.Append(nil, e.Body)
	return l, err
}

// printSamples prints samples as text that a person reads, or as lines.
func (o *options) printSamples(samples []sample, asText bool) error {
	for i, s := range samples {
		l, err := newSampleLine(s.event)
		if err != nil {
			return err
		}
		if !asText {
			if err := o.console.printJSON(l); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(o.console.out)
		}
		if err := o.printSample(s.what, l); err != nil {
			return err
		}
	}
	return nil
}

// printSample prints what a destination with the format idem gets, laid out.
func (o *options) printSample(what string, l sampleLine) error {
	body, err := json.Marshal(struct {
		Tags    json.RawMessage `json:"tags"`
		Message json.RawMessage `json:"message"`
		RunName string          `json:"run_name"`
	}{l.Tags, l.Body, l.RunName})
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, body, "", "  "); err != nil {
		return err
	}
	out := o.console.out
	_, err = fmt.Fprintf(out, "%s  %s\n%s\n", out.style.heading(l.Profile), out.style.faint(what), text.Bytes())
	return err
}
