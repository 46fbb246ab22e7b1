package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorEvents(t *testing.T) {
	for _, flag := range []string{"--error-events", "--error-callback-ref=" + idemErrorCallback} {
		refusing := answering(t, http.StatusBadRequest)
		acctFile, events := toHTTP(t, refusing, "")
		acctFile = write(t, "acct.yaml", strings.Replace(read(t, acctFile), "{name: hook,", `{name: hook, headers: {X-Api-Key: SECRET},`, 1))
		r := evhub(t, "", "put", "-f", acctFile, "--profile", "p", "--tag", "x=1", "--body", "1", flag)
		r.want(t, exitDead, "hook")
		want := "1\n" + `{"publish_event_error_message": "POST ` + refusing.URL + `: 400 Bad Request"}` + "\n"
		if got := read(t, events); got != want {
			t.Errorf("%s: %s", flag, cmp.Diff(want, got))
		}
	}
	acctFile, _ := toFile(t, "idem")
	evhub(t, "", "put", "-f", acctFile, "--body", "1", "--error-callback-ref", "my.handler").
		want(t, exitUsage, "--error-callback-ref my.handler: there is idem.event.publish_error_callback_handler alone")
}

// Every command that delivers events can tell of those that it could not.
func TestErrorEventsOfOtherCommands(t *testing.T) {
	template := write(t, "site.tmpl", `{{ put 1 "p" }}`)
	for name, args := range map[string][]string{
		"listen": {"listen", "--no-journal"}, "render": {"render", template}, "ingest": {"ingest", "runner", "--no-journal"},
	} {
		acctFile, events := toHTTP(t, answering(t, http.StatusBadRequest), "")
		stdin := `{"profile": "p", "body": 1}`
		if name == "ingest" {
			acctFile = write(t, "acct.yaml", strings.Replace(read(t, acctFile), "  p:", `  "runner-*":`, 1))
			stdin = `{"status": "running", "runner_ident": "i"}` + "\n"
		}
		evhub(t, stdin, append(args, "-f", acctFile, "--error-events")...).want(t, exitDead)
		if got := read(t, events); strings.Count(got, "400 Bad Request") != 1 {
			t.Errorf("%s: %s", name, got)
		}
		evhub(t, "", append(args, "-f", acctFile, "--error-callback-ref", "x")...).want(t, exitUsage, "--error-callback-ref x")
	}
	acctFile, events := toHTTP(t, answering(t, http.StatusBadRequest), "")
	journal := t.TempDir()
	evhub(t, "", "put", "-f", hookAcct(t, "http://127.0.0.1:1/"), "--journal", journal, "--profile", "p", "--body", "1", "--timeout", "10ms")
	evhub(t, "", "drain", "-f", acctFile, "--journal", journal, "--error-events").want(t, exitDead)
	if got := read(t, events); strings.Count(got, "400 Bad Request") != 1 {
		t.Errorf("drain: %s", got)
	}
	evhub(t, "", "serve", "-f", "acct.yaml", "--error-callback-ref", "x").want(t, exitUsage, "--error-callback-ref x")
}
