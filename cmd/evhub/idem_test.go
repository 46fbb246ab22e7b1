package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub/idem"
)

func TestPutIdem(t *testing.T) {
	const pre = `{"tags": {"ref": "states.c.present", "type": "state-pre", "acct_details": {"id": 1.0}}, "message": {"web": {"c.present": {"ctx": {}, "b": 1e5}}}, "run_name": "nightly"}`
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"status", "FINISHED"}, `{"tags": {"ref": "idem.state.update_status", "type": "state-status"}, "message": "FINISHED", "run_name": "nightly"}`},
		{[]string{"idem-status", "GATHER_ERROR"}, `{"tags": {"ref": "idem.state.update_status", "type": "state-status"}, "message": "GATHER_ERROR", "run_name": "nightly"}`},
		{[]string{"low", "--body", `[{"name": "n", "ctx": {"acct": "SECRET"}}]`}, `{"tags": {"ref": "idem.run.init.start", "type": "state-low-data"}, "message": [{"name": "n", "ctx": {}}], "run_name": "nightly"}`},
		{[]string{"high", "--body", ` {"web":{}}`}, `{"tags": {"type": "state-high-data", "ref": "idem.sls_source.init.gather"}, "message": {"web": {}}, "run_name": "nightly"}`},
		{[]string{"state", "pre", "web", "--ref", "states.c.present", "--body", `{"ctx":{"acct":1},"b":1e5}`, "--acct-details", `{"id":1.0}`}, pre},
		{[]string{"state", "post", "--ref", "states.c.present", "--body", `null`}, `{"tags": {"ref": "states.c.present", "type": "state-post", "acct_details": null}, "message": null, "run_name": "nightly"}`},
		{[]string{"chunk", "--body", `{}`}, `{"tags": {"ref": null, "type": "state-post"}, "message": {}, "run_name": "nightly"}`},
		{[]string{"chunk", "--body", `{}`, "--ref", "states.c.present", "--as-sent"}, `{"tags": {"ref": "states.c.present", "type": "state-chunk"}, "message": {}, "run_name": "nightly"}`},
		{[]string{"run", "--body", `{"result": true}`}, `{"tags": {"ref": "idem.rules.init.run", "type": "state-result", "acct_details": null}, "message": {"result": true}, "run_name": "nightly"}`},
		{[]string{"run", "--body", `{}`, "--ref", "states.c.present", "--acct-details", "null"}, `{"tags": {"ref": "states.c.present", "type": "state-result", "acct_details": null}, "message": {}, "run_name": "nightly"}`},
		{[]string{"exec", "--body", `{"result": true, "ret": 1}`, "--ref", "test.ping"}, `{"tags": {"ref": "test.ping", "type": "exec-post", "acct_details": null}, "message": {"result": true, "ret": 1}, "run_name": "nightly"}`},
		{[]string{"logger", "WARNING", "hot", "--ref", "r"}, `{"tags": {"module": "evhub", "level": "WARNING", "timestamp": "now", "ref": "r"}, "message": "hot", "run_name": "nightly"}`},
		{[]string{"logger", "INFO", "--", "--cold", "mod"}, `{"tags": {"module": "mod", "level": "INFO", "timestamp": "now", "ref": ""}, "message": "--cold", "run_name": "nightly"}`},
		{[]string{"esm"}, `{"tags": {"ref": "idem.state.update-status", "type": "esm-metadata"}, "message": {"__esm_metadata__": {"version": [2, 0, 0]}}, "run_name": "nightly"}`},
		{[]string{"esm", "--body", `{"a":1}`}, `{"tags": {"ref": "idem.state.update-status", "type": "esm-metadata"}, "message": {"a": 1}, "run_name": "nightly"}`},
	} {
		acctFile, events := toFile(t, "idem")
		evhub(t, "", append([]string{"put", "-f", acctFile, "--run-name", "nightly", "--idem"}, c.args...)...).want(t, exitDone)
		now := regexp.MustCompile(`"timestamp": "\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"`)
		if diff := cmp.Diff(c.want+"\n", now.ReplaceAllString(read(t, events), `"timestamp": "now"`)); diff != "" {
			t.Errorf("%v: %s", c.args, diff)
		}
	}
}

func TestPutIdemSaysWhatToGive(t *testing.T) {
	acctFile, events := toFile(t, "idem")
	for want, args := range map[string][]string{
		"--idem states: Idem fires no such event; there are status, low, high, state, chunk, run, exec, logger, esm": {"--idem", "states"},
		"--idem status: no status is given":                                                {"--idem", "status"},
		"want --idem status STATUS":                                                        {"--idem", "status"},
		`--idem status: no status "DONE"; there are FINISHED, CREATED, `:                   {"--idem", "status", "DONE"},
		`--idem status: the argument "now" is one too many`:                                {"--idem", "status", "FINISHED", "now"},
		"--idem status: there is no --body in this event":                                  {"--idem", "status", "FINISHED", "--body", "1"},
		"--idem low: there is no --ref in this event":                                      {"--idem", "low", "--body", "[]", "--ref", "r"},
		"--idem chunk: there are no --acct-details in this event":                          {"--idem", "chunk", "--body", "{}", "--acct-details", "1"},
		"--idem low: no --body is given":                                                   {"--idem", "low"},
		"--idem low: --body must be a JSON list":                                           {"--idem", "low", "--body", "{}"},
		"--idem high: --body must be a JSON object":                                        {"--idem", "high", "--body", "[]"},
		"--idem high: --body is not JSON: at byte 2":                                       {"--idem", "high", "--body", "{a"},
		"--idem state: no pre or post is given":                                            {"--idem", "state", "--body", "1"},
		`--idem state: the event comes before or after a state: want pre or post, not "x"`: {"--idem", "state", "x"},
		"--idem state: no --ref is given":                                                  {"--idem", "state", "pre", "web", "--body", "{}"},
		"--idem state: no name of the state is given":                                      {"--idem", "state", "pre", "--ref", "r", "--body", "{}"},
		"want --idem state pre NAME --ref REF --body '{KWARGS}', or state post":            {"--idem", "state", "pre"},
		"--idem run: --acct-details is not JSON":                                           {"--idem", "run", "--body", "{}", "--acct-details", "{"},
		"--idem exec: no --ref is given":                                                   {"--idem", "exec", "--body", "1"},
		"--idem logger: no text is given":                                                  {"--idem", "logger", "WARNING"},
		"--profile is part of what --idem makes":                                           {"--idem", "esm", "--profile", "p"},
		"--tag is part of what --idem makes":                                               {"--idem", "esm", "--tag", "a=b"},
		"--ref describes an event of Idem: give --idem KIND too":                           {"--body", "1", "--ref", "r"},
		"--as-sent describes an event of Idem":                                             {"--as-sent"},
		"--body and --idem are one event and --events many":                                {"--idem", "esm", "--events", "x"},
		"takes no arguments":                                                               {"FINISHED"},
	} {
		r := evhub(t, `{"body": 1}`, append([]string{"put", "-f", acctFile}, args...)...)
		r.want(t, exitUsage, want)
	}
	if got := read(t, events); got != "" {
		t.Errorf("%q was sent all the same", got)
	}
}

func TestExamplesIdem(t *testing.T) {
	lines := evhub(t, "", "examples", "idem", "--run-name", "nightly")
	lines.want(t, exitDone)
	seen := map[any]bool{}
	for _, l := range lines.lines(t) {
		seen[l["profile"]] = true
	}
	for _, profile := range []string{
		idem.ProfileStatus, idem.ProfileLow, idem.ProfileHigh, idem.ProfileState, idem.ProfileChunk, idem.ProfileRun,
		idem.ProfileExec, idem.ProfileLogger, idem.ProfileESM,
	} {
		if !seen[profile] {
			t.Errorf("no sample of %s", profile)
		}
	}
	if again := evhub(t, "", "examples", "idem", "--run-name", "nightly", "-o", "json"); again.out != lines.out {
		t.Errorf("lines and JSON differ:\n%s", cmp.Diff(lines.out, again.out))
	}
	acctFile, events := toFile(t, "idem")
	evhub(t, lines.out, "put", "-f", acctFile).want(t, exitDone, fmt.Sprintf("%d events accepted, %[1]d delivered", strings.Count(lines.out, "\n")))
	got := read(t, events)
	for _, want := range []string{
		`{"tags": {"ref": "idem.state.update_status", "type": "state-status"}, "message": "GATHERING", "run_name": "nightly"}` + "\n",
		`"message": {"web": {"cloud.instance.present": {"ctx": {"run_name": "nightly", "test": false}, "kwargs": {"size": "small"}, "name": "web"}}}, "run_name": "nightly"}` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	text := evhub(t, "", "examples", "idem", "-o", "text")
	text.want(t, exitDone, "idem-status  the run has come to a status\n{\n  \"tags\": {\n    \"ref\": \"idem.state.update_status\",", "\"run_name\": \"cli\"\n}\n\nidem-high  ")
	evhub(t, "", "examples", "idme").want(t, exitUsage, "did you mean idem?")
}

func TestPutIdemLoggerAsSent(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	evhub(t, "", "put", "-f", acctFile, "--as-sent", "--idem", "logger", "INFO", "text").want(t, exitDone)
	want := regexp.MustCompile(`^\{"message": "text", "module": "evhub", "level": "INFO", "timestamp": "\d\d:\d\d:\d\d"\}\n$`)
	if got := read(t, events); !want.MatchString(got) {
		t.Errorf("%q, want %s", got, want)
	}
}
