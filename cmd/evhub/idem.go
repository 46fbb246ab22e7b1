package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
)

// idemUsage says how each kind of event is written, in the order of Idem's documents.
var idemUsage = [][2]string{
	{"status", "STATUS"},
	{"low", "--body '[CHUNK, ...]'"},
	{"high", "--body '{STATES}'"},
	{"state", "pre NAME --ref REF --body '{KWARGS}', or state post --ref REF --body RETURN"},
	{"chunk", "[--ref REF] --body '{CHUNK}'"},
	{"run", "[--ref REF] --body '{RESULT}'"},
	{"exec", "--ref REF --body RETURN"},
	{"logger", "LEVEL TEXT [MODULE] [--ref REF]"},
	{"esm", "[--body '{STATES}']"},
}

func idemKinds() (kinds []string) {
	for _, usage := range idemUsage {
		kinds = append(kinds, usage[0])
	}
	return kinds
}

// idemFlags are the flags that make sense with --idem alone.
var idemFlags = []string{"ref", "acct-details", "as-sent"}

// idemInput is an event of Idem that flags and arguments describe. What has been made use of is taken out of it, so that
// what is left was given in vain.
type idemInput struct {
	kind                   string
	args                   []string
	ref, body, acctDetails string
	asSent                 bool

	err error // the first thing that is wrong
}

func (in *idemInput) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&in.kind, "idem", "", "put an event that Idem fires: "+strings.Join(idemKinds(), ", "))
	f.StringVar(&in.ref, "ref", "", "with --idem: the function that the event is about, such as states.cloud.present")
	f.StringVar(&in.acctDetails, "acct-details", "", "with --idem: what links the event to the credentials used: JSON text")
	f.BoolVar(&in.asSent, "as-sent", false, "with --idem: as Idem 25 sends it where its documents say something else")
	completeWith(cmd, "idem", idemKinds()...)
}

// idemHelp is a paragraph for the help of a command with --idem.
func idemHelp() string {
	var lines []string
	for _, usage := range idemUsage {
		for form := range strings.SplitSeq(usage[1], ", or "+usage[0]+" ") {
			lines = append(lines, "  --idem "+usage[0]+" "+form)
		}
	}
	return strings.Join(lines, "\n")
}

// event makes the event. in is used up.
func (in idemInput) event() (hub.Event, error) {
	kind := strings.TrimPrefix(in.kind, "idem-")
	i := slices.IndexFunc(idemUsage, func(usage [2]string) bool { return usage[0] == kind })
	if i < 0 {
		return hub.Event{}, fmt.Errorf("--idem %s: Idem fires no such event; there are %s", in.kind, strings.Join(idemKinds(), ", "))
	}
	e := in.make(kind)
	in.refuseRest()
	if in.err != nil {
		return hub.Event{}, fmt.Errorf("--idem %s: %w\nwant --idem %s %s", kind, in.err, kind, idemUsage[i][1])
	}
	return e, nil
}

func (in *idemInput) make(kind string) hub.Event {
	var opts []idem.Option
	if in.asSent {
		opts = append(opts, idem.AsSent())
	}
	switch kind {
	case "status":
		return in.status()
	case "low":
		return idem.Low(in.json('['), opts...)
	case "high":
		return idem.High(in.json('{'))
	case "state":
		return in.state()
	case "chunk":
		return idem.Chunk(in.optionalRef(), in.json('{'), opts...)
	case "run":
		return idem.Run(idem.Caller{Ref: in.optionalRef(), AcctDetails: in.details()}, in.json('{'), opts...)
	case "exec":
		return idem.Exec(in.caller(), in.json(0))
	case "logger":
		return in.logger(opts)
	}
	if in.body == "" {
		return idem.ESM(nil)
	}
	return idem.ESM(in.json('{'))
}

func (in *idemInput) status() hub.Event {
	status, err := idem.ParseStatus(in.argument("status"))
	if err != nil && in.err == nil {
		in.err = err
	}
	return idem.Status(status)
}

func (in *idemInput) state() hub.Event {
	switch when := in.argument("pre or post"); when {
	case "pre":
		return idem.StatePre(in.caller(), in.argument("name of the state"), in.json('{'))
	case "post":
		return idem.StatePost(in.caller(), in.json(0))
	default:
		in.fail("the event comes before or after a state: want pre or post, not %q", when)
		return hub.Event{}
	}
}

func (in *idemInput) logger(opts []idem.Option) hub.Event {
	asctime := "2006-01-02 15:04:05,000" // Python's default
	if in.asSent {
		asctime = time.TimeOnly // as Idem sets it
	}
	l := idem.Log{
		Level: in.argument("level"), Message: in.argument("text"), Module: "evhub", Ref: in.optionalRef(),
		Timestamp: time.Now().Format(asctime),
	}
	if len(in.args) > 0 {
		l.Module = in.argument("module")
	}
	return idem.Logger(l, opts...)
}

// argument takes the next argument.
func (in *idemInput) argument(what string) (value string) {
	if len(in.args) == 0 {
		in.fail("no %s is given", what)
		return ""
	}
	value, in.args = in.args[0], in.args[1:]
	return value
}

// json takes the body, which begins with the bracket, if that is not 0.
func (in *idemInput) json(bracket byte) json.RawMessage {
	text := strings.TrimLeft(in.body, blanks)
	in.body = ""
	switch {
	case text == "":
		in.fail("no --body is given")
	case !json.Valid([]byte(text)):
		in.fail("--body is not JSON: %w", syntaxError(text))
	case bracket == '[' && text[0] != bracket:
		in.fail("--body must be a JSON list")
	case bracket == '{' && text[0] != bracket:
		in.fail("--body must be a JSON object")
	}
	return json.RawMessage(text)
}

func (in *idemInput) optionalRef() (ref string) {
	ref, in.ref = in.ref, ""
	return ref
}

func (in *idemInput) details() any {
	text := in.acctDetails
	in.acctDetails = ""
	if text == "" {
		return nil
	}
	if !json.Valid([]byte(text)) {
		in.fail("--acct-details is not JSON: %w", syntaxError(text))
	}
	return json.RawMessage(text)
}

// caller takes the ref, which must be there, and the details.
func (in *idemInput) caller() idem.Caller {
	if in.ref == "" {
		in.fail("no --ref is given")
	}
	return idem.Caller{Ref: in.optionalRef(), AcctDetails: in.details()}
}

func (in *idemInput) fail(format string, args ...any) {
	if in.err == nil {
		in.err = fmt.Errorf(format, args...)
	}
}

// refuseRest complains of what was given and not used.
func (in *idemInput) refuseRest() {
	switch {
	case len(in.args) > 0:
		in.fail("the argument %q is one too many", in.args[0])
	case in.body != "":
		in.fail("there is no --body in this event")
	case in.ref != "":
		in.fail("there is no --ref in this event")
	case in.acctDetails != "":
		in.fail("there are no --acct-details in this event")
	}
}
