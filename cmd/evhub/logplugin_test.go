package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// logged returns an acct file that leads profile "p" nowhere good and all log events to a file, and that file.
func logged(t *testing.T, format string) (acctFile, events string) {
	t.Helper()
	events = filepath.Join(t.TempDir(), "log.jsonl")
	return write(t, "acct.yaml", fmt.Sprintf(`http:
  p: {name: hook, url: %q, delivery: {retry: {min: 1ms, max: 5ms}}}
file:
  "*logger": {path: %q, fsync: never, format: %s}
`, answering(t, http.StatusServiceUnavailable).URL, events, format)), events
}

func TestLogPluginEvent(t *testing.T) {
	acctFile, events := logged(t, "idem")
	r := evhub(t, "", "put", "-f", acctFile, "--profile", "p", "--body", "1", "--timeout", "1s", "--log-plugin=event", "--run-name", "r1")
	r.want(t, exitRemain, "level=WARN msg=\"delivery failed")
	var e struct {
		Tags struct {
			Level, Module, Timestamp, Ref string
			Attrs                         map[string]any
		}
		Message string
	}
	first, _, _ := strings.Cut(read(t, events), "\n")
	if err := json.Unmarshal([]byte(first), &e); err != nil {
		t.Fatalf("%q: %v", first, err)
	}
	if e.Tags.Level != "WARNING" || e.Tags.Attrs["destination"] != "http:hook" || !strings.HasPrefix(e.Message, "delivery failed") || e.Tags.Ref == "" {
		t.Errorf("%s", first)
	}
}

func TestLogHandlerOptions(t *testing.T) {
	acctFile, events := logged(t, "raw")
	evhub(t, "", "put", "-f", acctFile, "--profile", "p", "--body", "1", "--timeout", "1s", "--log-plugin=event", "-o", "json",
		"--log-handler-options", "profile=my-logger", "--log-handler-options", "as-sent=true").want(t, exitRemain)
	if got := read(t, events); !strings.HasPrefix(got, `{"message": "`) || !strings.Contains(got, `"module": "evbus", "level": "WARNING", "timestamp": "`) {
		t.Errorf("%q", got)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--log-plugin=syslog"}, `--log-plugin "syslog": there is no such plugin; want event`},
		{[]string{"--log-handler-options", "profile=x"}, "is for --log-plugin=event"},
		{[]string{"--log-plugin=event", "--log-handler-options", "prof=x"}, "want profile=NAME"},
		{[]string{"--log-plugin=event", "--log-handler-options", "profile="}, "want profile=NAME"},
		{[]string{"--log-plugin=event", "--log-handler-options", "as-sent=yes"}, "want profile=NAME"},
	} {
		evhub(t, "", append([]string{"version"}, c.args...)...).want(t, exitUsage, c.want)
	}
	evhub(t, "", "version", "--log-plugin=event").want(t, exitDone)
}

// A destination of log events that is down neither keeps a command from ending nor fills its journal.
func TestLogPluginWithItsOwnDestinationDown(t *testing.T) {
	acctFile := write(t, "acct.yaml", fmt.Sprintf("http:\n  '*': {name: hook, url: %q, delivery: {retry: {min: 1ms, max: 1ms}}}\n",
		answering(t, http.StatusServiceUnavailable).URL))
	r := evhub(t, "", "put", "-f", acctFile, "--profile", "p", "--body", "1", "--timeout", "1s", "--log-plugin=event", "--log-level=debug",
		"--journal", filepath.Join(t.TempDir(), "journal"))
	r.want(t, exitDone, "delivery failed", "1 event accepted, 1 kept in the journal")
}
