package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
)

func TestCheck(t *testing.T) {
	e := answering(t, http.StatusNoContent)
	acctFile, events := toHTTP(t, e, "")
	r := evhub(t, "", "check", acctFile)
	r.want(t, exitDone, "line 2  http:hook\n", `pattern "p", to http `+e.URL, "format idem", "line 4  file:all\n", "is right: 2 destinations")
	r = evhub(t, "", "check", acctFile, "--connect")
	r.want(t, exitDone, " ms  http:hook", " ms  file:all")
	if len(e.got()) > 0 || read(t, events) != "" {
		t.Error("check has sent something")
	}
	e.Close()
	evhub(t, "", "check", acctFile, "--connect").want(t, exitFailure, "failed  http:hook", "connection refused", " ms  file:all",
		"1 destination of 2 cannot be reached")
	r = evhub(t, "", "check", acctFile, "--connect", "-o", "json")
	r.want(t, exitFailure)
	first := r.lines(t)[0]["destinations"].([]any)[0].(map[string]any)
	if first["destination"] != "http:hook" || first["connected"] != false || first["line"] != 2.0 || first["error"] == nil {
		t.Errorf("%v", first)
	}
	evhub(t, "", "check", write(t, "acct.yaml", "internal: {p: }\n")).want(t, exitDone, "memory:p\n", `pattern "p", to memory, format idem`)
	evhub(t, "", "check").want(t, exitUsage, "want one acct file")
	evhub(t, "", "check", acctFile, "--connect", "--timeout", "0s").want(t, exitUsage, "--timeout must be more than 0")
	evhub(t, "", "check", write(t, "acct.yaml", "kafak:\n  p: {connection: {}}\n")).want(t, exitDone, "warning: ", "did you mean kafka?", "0 destinations")
	evhub(t, "", "check", write(t, "acct.yaml", "match_plugin: regex\nfile:\n  \"(\": {path: /x}\n")).want(t, exitUsage, "acct.yaml:3: ")
}

func TestRoutes(t *testing.T) {
	acctFile := write(t, "acct.yaml", "internal:\n  idem-*: {name: all}\n  idem-status: {name: status}\n")
	r := evhub(t, "", "routes", acctFile, "idem-run", "other")
	r.want(t, exitDone)
	want := `idem-run goes to 1 destination
  + memory:all
      line 2, internal: the glob "idem-*" matches
other goes to no destination
`
	if diff := cmp.Diff(want, r.out); diff != "" {
		t.Error(diff)
	}
	evhub(t, "", "routes", acctFile, "idem-run", "--explain").want(t, exitDone, "line 3, internal: the glob \"idem-status\" does not match")
	r = evhub(t, "", "routes", acctFile, "idem-status", "x", "-o", "json")
	lines := r.lines(t)
	if len(lines) != 2 || len(lines[0]["routes"].([]any)) != 2 || len(lines[1]["routes"].([]any)) != 0 || lines[0]["match_plugin"] != "glob" {
		t.Errorf("%v", lines)
	}
	evhub(t, "", "routes", acctFile).want(t, exitUsage, "at least one profile")
}

func TestListen(t *testing.T) {
	acctFile := write(t, "acct.yaml", "internal:\n  p: {name: inbox}\n")
	input := `{"body": {"z": 1.0, "a": 1e30}, "profile": "p", "tags": {"b": 1, "a": 2}, "run_name": "r", "key": "k", "id": "id-1"}` +
		"\nbad\n" + `{"body": 2, "profile": "other", "id": "id-2"}` + "\n"
	r := evhub(t, input, "listen", "-f", acctFile)
	r.want(t, exitRefused, " p run r key k id id-1\n", `  tags {"b": 1, "a": 2}`, `  body {"z": 1.0, "a": 1e30}`, ":inbox\n",
		"other run cli id id-2", "to   no destination", "refused: line 2: ", "2 events accepted")
	r = evhub(t, input, "listen", "-f", acctFile, "--profile", "o*", "-o", "json")
	r.want(t, exitRefused)
	var heard []map[string]any
	for _, l := range r.lines(t) {
		if l["profile"] != nil {
			heard = append(heard, l)
		}
	}
	if len(heard) != 1 || heard[0]["id"] != "id-2" || heard[0]["body"] != 2.0 || heard[0]["time"] == nil {
		t.Errorf("%v", heard)
	}
	evhub(t, input, "listen", "-f", acctFile, "-o", "json", "--no-journal").want(t, exitRefused, `"position":"1"`)
	evhub(t, input, "listen", "-f", acctFile, "-o", "json").want(t, exitRefused, `"body":{"z":1.0,"a":1e30},"tags":{"b":1,"a":2}`, `:inbox"]`)
	evhub(t, `{"body": 1}`, "listen").want(t, exitDone, "to   no destination")
	evhub(t, "", "listen", "--events", "/nonexistent").want(t, exitUsage, "--events")
	evhub(t, "", "listen", "--timeout", "-1s").want(t, exitUsage, "--timeout")
}

// TestListenSaysAGap checks what is printed where events were missed.
func TestListenSaysAGap(t *testing.T) {
	for output, want := range map[string]string{"text": "... 3 events not printed: they came too fast\n", "json": "{\"gap\":3}\n"} {
		var out bytes.Buffer
		l := &listener{o: &options{output: output, console: newConsole(nil, &out, &out)}}
		l.show(hub.Event{}, &hub.GapError{Missed: 3})
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}

func TestListenPrintsEveryEventInOrder(t *testing.T) {
	var input, want strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&input, "{\"body\": %d}\n", i)
		fmt.Fprintf(&want, "  body %d\n", i)
	}
	r := evhub(t, input.String(), "listen")
	r.want(t, exitDone)
	var got strings.Builder
	for line := range strings.Lines(r.out) {
		if strings.HasPrefix(line, "  body") {
			got.WriteString(line)
		}
	}
	if got.String() != want.String() {
		t.Error("not every event was printed, in order")
	}
}

func TestVersionHelpAndCompletion(t *testing.T) {
	evhub(t, "", "version").want(t, exitDone, "evhub ")
	if line := evhub(t, "", "version", "-o", "json").lines(t)[0]; line["version"] == "" || line["go"] == "" {
		t.Errorf("%v", line)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		evhub(t, "", "completion", shell).want(t, exitDone, "evhub")
	}
	evhub(t, "", "__complete", "put", "--format", "").want(t, exitDone, "idem-compact\n")
	evhub(t, "", "__complete", "put", "--output", "j").want(t, exitDone, "json\n")
	for _, command := range []string{
		"put", "listen", "drain", "deadletters", "deadletters list", "deadletters show", "deadletters replay", "deadletters drop", "journal",
		"journal status", "journal verify", "journal tail", "journal adopt", "journal drop", "journal export", "check", "routes", "demo", "version",
		"completion",
	} {
		evhub(t, "", append(strings.Fields(command), "--help")...).want(t, exitDone, "Usage:\n  evhub "+command)
	}
}
