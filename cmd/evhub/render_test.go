package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const site = `# {{ .env }}
{{- range $i, $host := .hosts }}
{{- put (dict "host" $host "n" $i) "inventory-host" (dict "type" "host") }}
{{ $host }}: {}
{{- end }}
{{- putNowait "DONE" "idem-status" }}
`

func TestRender(t *testing.T) {
	acctFile, events := toFile(t, "idem")
	template := write(t, "site.tmpl", site)
	args := []string{"render", template, "-f", acctFile, "--data", `{"hosts": ["web1", "web2"], "env": 1}`, "--set", "env=a=b", "--run-name", "r1"}
	r := evhub(t, "", args...)
	r.want(t, exitDone, "3 events accepted, 3 delivered")
	const document = "# a=b\nweb1: {}\nweb2: {}\n"
	if diff := cmp.Diff(document, r.out); diff != "" {
		t.Error(diff)
	}
	want := `{"tags": {"type": "host"}, "message": {"host": "web1", "n": 0}, "run_name": "r1"}
{"tags": {"type": "host"}, "message": {"host": "web2", "n": 1}, "run_name": "r1"}
{"tags": {}, "message": "DONE", "run_name": "r1"}
`
	if diff := cmp.Diff(want, read(t, events)); diff != "" {
		t.Error(diff)
	}
	output := filepath.Join(t.TempDir(), "site.yaml")
	r = evhub(t, "", append(args, "--output-file", output)...)
	if r.want(t, exitDone); r.out != "" || read(t, output) != document {
		t.Errorf("printed %q, wrote %q", r.out, read(t, output))
	}
	r = evhub(t, "", append(args, "-o", "json")...)
	r.want(t, exitDone)
	if lines := r.lines(t); lines[0]["document"] != document || lines[1]["summary"].(map[string]any)["accepted"] != 3.0 {
		t.Errorf("%v", lines)
	}
}

func TestRenderFromStandardInput(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	data := write(t, "data.json", `{"n": 12345678901234567890}`)
	evhub(t, `{{ put .n }}`, "render", "-", "-f", acctFile, "--data", data).want(t, exitDone)
	evhub(t, `{"n": 2}`, "render", write(t, "x.tmpl", "{{ put .n }}"), "-f", acctFile, "--data", "-").want(t, exitDone)
	if got := read(t, events); got != "12345678901234567890\n2\n" {
		t.Errorf("fired %q", got)
	}
}

func TestRenderThatFails(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	output := filepath.Join(t.TempDir(), "out")
	for name, c := range map[string]struct {
		template string
		code     int
		want     string
	}{
		"midway": {"a\n{{ put 1 }}{{ put 2 }}{{ .missing }}{{ put 3 }}", exitFailure,
			`-:2:25: executing "-" at <.missing>: map has no entry for key "missing"; nothing is printed, and 2 events were fired before, and stay fired`},
		"at once":          {"{{ .missing }}", exitFailure, "and no event was fired before"},
		"a refused event":  {`{{ put 1 }}{{ put 2 "p" 3 }}`, exitRefused, "want a JSON object; nothing is printed, and 1 event was fired before, and stays fired"},
		"no such function": {`{{ put 1 }}{{ putt 2 }}`, exitUsage, `template: -:1: function "putt" not defined`},
	} {
		t.Run(name, func(t *testing.T) {
			r := evhub(t, c.template, "render", "-", "-f", acctFile, "--output-file", output)
			r.want(t, c.code, c.want)
			if r.out != "" || read(t, output) != "" {
				t.Errorf("a document: %q, %q", r.out, read(t, output))
			}
		})
	}
	if got := read(t, events); got != "1\n2\n1\n" && got != "1\n1\n2\n" {
		t.Errorf("fired in all: %q", got)
	}
}

func TestRenderRefuses(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	template := write(t, "x.tmpl", "x")
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "want one template"},
		{[]string{template, "--data", `{"a":`}, "--data: not JSON: unexpected EOF"},
		{[]string{template, "--data", write(t, "list.json", "[]")}, "want a JSON object"},
		{[]string{template, "--data", "nowhere.json"}, "neither a JSON object nor a file"},
		{[]string{template, "--set", "a"}, "want key=value"},
		{[]string{template, "--set", "=a"}, "want key=value"},
		{[]string{"-", "--data", "-"}, "cannot both be standard input"},
		{[]string{"nowhere.tmpl"}, "nowhere.tmpl"},
		{[]string{template, "--journal-max", "1GiB"}, "give --journal DIR too"},
		{[]string{template, "--timeout", "-1s"}, "--timeout must not be negative"},
	} {
		evhub(t, "", append([]string{"render", "-f", acctFile}, c.args...)...).want(t, exitUsage, c.want)
	}
	evhub(t, "", "render", template).want(t, exitUsage, "no acct file")
}

func TestRenderWithADestinationDown(t *testing.T) {
	down := answering(t, http.StatusServiceUnavailable)
	acctFile, _ := toHTTP(t, down, "")
	template := write(t, "x.tmpl", `doc{{ put 1 "p" }}`)
	r := evhub(t, "", "render", template, "-f", acctFile, "--timeout", "200ms")
	if r.want(t, exitRemain, "undelivered: 1 event for http:hook"); r.out != "doc" {
		t.Errorf("printed %q", r.out)
	}
	journal := filepath.Join(t.TempDir(), "journal")
	evhub(t, "", "render", template, "-f", acctFile, "--timeout", "200ms", "--journal", journal).want(t, exitDone, "1 kept in the journal")
	full, _ := toHTTP(t, down, ", backlog: 1B")
	twice := write(t, "y.tmpl", `{{ put 1 "p" }}{{ put 2 "p" }}`)
	evhub(t, "", "render", twice, "-f", full, "--timeout", "200ms").want(t, exitRemain, "backlog is full", "1 event was fired before")
	nowait := write(t, "z.tmpl", `{{ put 1 "p" }}{{ putNowait 2 "p" }}`)
	evhub(t, "", "render", nowait, "-f", full, "--timeout", "200ms").want(t, exitRemain, "error calling putNowait: evhub: backlog is full", "1 refused")
}
