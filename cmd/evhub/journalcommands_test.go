package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
)

func TestJournalStatus(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 2)
	keep(t, dir, 3)
	evhub(t, "", "journal", "status", "--journal", dir).want(t, exitDone, dir+" not in use, ", " in ", " free\n", "DESTINATION  WAITING  SIZE ", "\nhttp:hook    3        ")
	line := evhub(t, "", "journal", "status", "--journal", dir, "-o", "json").line(t)
	all, _ := line["destinations"].([]any)
	if len(all) != 1 {
		t.Fatalf("%v", line)
	}
	d := all[0].(map[string]any)
	if line["journal"] != dir || line["pid"] != nil || d["destination"] != "http:hook" || d["waiting"] != 3.0 || d["dead_letters"] != 2.0 ||
		d["active"] != true || d["settled"] != 2.0 || d["delivered"] != nil || d["bytes"] == 0.0 || d["oldest"] == nil || line["disk_bytes"] == 0.0 {
		t.Errorf("%v", line)
	}
	other, _ := toFile(t, "raw")
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitRemain)
	evhub(t, "", "journal", "status", "--journal", dir).want(t, exitDone, "orphaned: 3 events and 2 dead letters for http:hook, which was not in the acct file that was used last: evhub journal adopt 'http:hook' TO")
}

// TestJournalStatusOfOneInUse checks that two looks say how fast it drains.
func TestJournalStatusOfOneInUse(t *testing.T) {
	dir := newDir(t)
	h := openHub(t, hookAcct(t, answering(t, http.StatusServiceUnavailable).URL), dir)
	defer h.Close(ended(t))
	if err := h.Put(t.Context(), hub.Event{Profile: "p", Body: 1}); err != nil {
		t.Fatal(err)
	}
	evhub(t, "", "journal", "status", "--journal", dir, "--interval", "10ms").want(t, exitDone, fmt.Sprintf("in use by process %d", os.Getpid()), "stands still")
	evhub(t, "", "journal", "status", "--journal", dir, "--interval", "10ms", "-o", "json").want(t, exitDone, `"per_second":0`, `"waiting":1`)
	evhub(t, "", "journal", "status", "--journal", dir, "--interval", "0").want(t, exitDone, "http:hook    1  ")
}

func TestHowFastABacklogDrains(t *testing.T) {
	for _, c := range []struct {
		before, after hub.JournalBacklog
		want          string
	}{
		{hub.JournalBacklog{Events: 500, Settled: 100}, hub.JournalBacklog{Events: 480, Settled: 140}, "20/s, 24s left"},
		{hub.JournalBacklog{Events: 9}, hub.JournalBacklog{Events: 9}, "stands still"},
		{hub.JournalBacklog{Settled: 100}, hub.JournalBacklog{Settled: 140}, "20/s"},
		{hub.JournalBacklog{}, hub.JournalBacklog{}, "-"},
	} {
		l := journalLook{before: &hub.JournalStatus{Destinations: []hub.JournalBacklog{c.before}}, after: 2e9}
		if got := l.drains(c.after); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := (&journalLook{}).drains(hub.JournalBacklog{Events: 1}); got != "-" {
		t.Errorf("after one look: %q", got)
	}
}

func TestJournalVerify(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 20)
	evhub(t, "", "journal", "verify", "--journal", dir).want(t, exitDone, "all well: 1 segment, ")
	evhub(t, "", "journal", "verify", "--journal", dir, "-o", "json").want(t, exitDone, `{"checked":{"segments":1,`, `"faults":0`)
	damage(t, dir)
	evhub(t, "", "journal", "verify", "--journal", dir).want(t, exitFailure, ".seg at ", ": record 8 is missing; ", "\n1 fault: 1 segment, ", "evhub: 1 fault in the journal")
	lines := evhub(t, "", "journal", "verify", "--journal", dir, "-o", "json").lines(t)
	if len(lines) < 2 || lines[len(lines)-1]["checked"] == nil || lines[0]["harmless"] != false || !strings.HasSuffix(fmt.Sprint(lines[0]["file"]), ".seg") || lines[0]["offset"] == 0.0 || lines[0]["fault"] == "" {
		t.Errorf("%v", lines)
	}
}

// damage changes a byte within an event that is neither the first nor the last of a journal.
func damage(t *testing.T, dir string) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "log", "*.seg"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("%v, %v", segments, err)
	}
	text := []byte(read(t, segments[0]))
	at := strings.Index(string(text), "id-7")
	if at < 0 {
		t.Fatal("no id-7 in the segment")
	}
	text[at] ^= 1
	if err := os.WriteFile(segments[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestJournalTail(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 30)
	r := evhub(t, "", "journal", "tail", "--journal", dir, "-n", "2")
	r.want(t, exitDone, " p run cli id id-28 to http:hook (waiting) body 28\n", "id-29")
	if at, err := time.ParseInLocation("2006-01-02 15:04:05.000", r.out[:min(23, len(r.out))], time.Local); err != nil || time.Since(at) > time.Minute {
		t.Errorf("%q does not begin with a moment: %v", r.out, err)
	}
	if n := strings.Count(r.out, "\n"); n != 2 {
		t.Errorf("%d lines: %s", n, r.out)
	}
	lines := evhub(t, "", "journal", "tail", "--journal", dir, "-o", "json").lines(t)
	if len(lines) != 10 || lines[0]["id"] != "id-20" || lines[9]["seq"] != 30.0 || fmt.Sprint(lines[0]["waiting"]) != "[http:hook]" {
		t.Errorf("%v", lines)
	}
	if lines := evhub(t, "", "journal", "tail", "--journal", dir, "-n", "1000", "-o", "json").lines(t); len(lines) != 30 {
		t.Errorf("%d of all 30", len(lines))
	}
	if r := evhub(t, "", "journal", "tail", "--journal", dir, "-n", "0"); r.out != "" {
		t.Errorf("none were wanted: %s", r.out)
	}
}

// TestExportIsWhatPutTakes checks that events come out as they went in, bytes and times included.
func TestExportIsWhatPutTakes(t *testing.T) {
	input := `{"profile": "p", "body": {"z": 1.0, "a": 1e30, "ü": "\ud800"}, "tags": {"b": 1, "a": 2}, "run_name": "r", "key": "k", "id": "x1", "time": "2026-01-31T23:59:59.123456789Z", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
{"profile": "p", "body_base64": "AP9h", "id": "x2"}
{"profile": "p", "body": null, "id": "x3"}
`
	first, second := newDir(t), newDir(t)
	acctFile := hookAcct(t, answering(t, http.StatusServiceUnavailable).URL)
	put := func(input, dir string) {
		t.Helper()
		evhub(t, input, "put", "-f", acctFile, "--journal", dir, "--timeout", "300ms", "--log-level", "error").want(t, exitDone, "3 kept in the journal")
	}
	put(input, first)
	exported := evhub(t, "", "journal", "export", "--journal", first)
	exported.want(t, exitDone, `"body":{"z":1.0,"a":1e30,"\u00fc":"\ud800"}`, `"time":"2026-01-31T23:59:59.123456789Z"`, `"body_base64":"AP9h"`, `"body":null`,
		`"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`)
	put(exported.out, second)
	again := evhub(t, "", "journal", "export", "--journal", second)
	if diff := cmp.Diff(exported.out, again.out); diff != "" || exported.out == "" {
		t.Error(diff)
	}
}

// TestExportFailsIfEventsCannotBeRead checks that what is not exported is said, whatever became of it.
func TestExportFailsIfEventsCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		lines int
		want  string
	}{
		"a bad byte":         {damage, 19, ".seg at "},
		"the end is cut off": {func(t *testing.T, dir string) { cutLog(t, dir, "id-15") }, 15, "records 16 to 20 are missing"},
		"no file": {func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "log")); err != nil {
				t.Fatal(err)
			}
		}, 0, "records 1 to 20 are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			keep(t, dir, 20)
			evhub(t, "", "journal", "export", "--journal", dir).want(t, exitDone)
			c.spoil(t, dir)
			r := evhub(t, "", "journal", "export", "--journal", dir)
			r.want(t, exitFailure, "not exported: log", c.want)
			if n := strings.Count(r.out, "\n"); n != c.lines {
				t.Errorf("%d lines, want %d: %s", n, c.lines, r.out)
			}
		})
	}
}

func TestExportChooses(t *testing.T) {
	dir := newDir(t)
	acctFile, _ := toHTTP(t, answering(t, http.StatusServiceUnavailable), "")
	input := "{\"body\": 1, \"profile\": \"p\", \"id\": \"for-both\"}\n{\"body\": 2, \"profile\": \"q\", \"id\": \"for-one\"}\n"
	evhub(t, input, "put", "-f", acctFile, "--journal", dir, "--timeout", "300ms", "--log-level", "error").want(t, exitDone, "2 delivered")
	for want, flags := range map[string][]string{
		"for-both for-one":  {},
		"for-both":          {"--destination", "http:*"},
		"for-both for-one ": {"--destination", "file:*"},
		"for-one":           {"--profile", "q"},
		"for-both ":         {"--waiting"},
		"":                  {"--waiting", "--destination", "file:*"},
	} {
		var ids []string
		for _, l := range evhub(t, "", append([]string{"journal", "export", "--journal", dir}, flags...)...).lines(t) {
			ids = append(ids, l["id"].(string))
		}
		if got := strings.Join(ids, " "); got != strings.TrimSpace(want) {
			t.Errorf("%v: %q, want %q", flags, got, want)
		}
	}
}

func TestAdopt(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 3)
	well := answering(t, http.StatusNoContent)
	renamed := write(t, "acct.yaml", fmt.Sprintf("http:\n  p: {name: renamed, url: %q, format: raw}\n", well.URL))
	evhub(t, "", "drain", "-f", renamed, "--journal", dir).want(t, exitRemain, "orphaned: 3 events for http:hook")
	evhub(t, "", "journal", "adopt", "http:nobody", "http:renamed", "--journal", dir).want(t, exitFailure, "http:nobody")
	evhub(t, "", "journal", "adopt", "http:hook", "http:mistyped", "--journal", dir).want(t, exitDone, "note: no acct file", " has http:mistyped")
	r := evhub(t, "", "journal", "adopt", "http:mistyped", "http:renamed", "--journal", dir)
	r.want(t, exitDone, "3 events of http:mistyped now for http:renamed")
	if r.err != "" {
		t.Errorf("stderr: %s", r.err)
	}
	evhub(t, "", "drain", "-f", renamed, "--journal", dir).want(t, exitDone, "3 delivered")
	if diff := cmp.Diff([]string{"0", "1", "2"}, well.got()); diff != "" {
		t.Error(diff)
	}
}

func TestDropABacklog(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 2)
	keep(t, dir, 3)
	evhub(t, "", "journal", "drop", "http:nobody", "--journal", dir, "--yes").want(t, exitFailure, "http:nobody")
	other, _ := toFile(t, "raw")
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitRemain)
	evhub(t, "", "journal", "drop", "http:hook", "--journal", dir, "--yes").want(t, exitDone, "3 events and 2 dead letters of http:hook dropped")
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitDone, "nothing to deliver")
	evhub(t, "", "deadletters", "list", "--journal", dir).want(t, exitDone, "0 dead letters")
}

func TestNamesOfDestinationsAreOffered(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 1)
	for _, args := range [][]string{
		{"journal", "adopt", "--journal", dir, ""}, {"journal", "drop", "--journal", dir, ""},
		{"journal", "export", "--journal", dir, "--destination", ""}, {"deadletters", "list", "--journal", dir, "--destination", ""},
	} {
		evhub(t, "", append([]string{"__complete"}, args...)...).want(t, exitDone, "http:hook\n")
	}
	evhub(t, "", "__complete", "journal", "").want(t, exitDone, "status", "verify", "tail", "adopt", "drop", "export")
	evhub(t, "", "__complete", "put", "--journal").want(t, exitDone, "--journal-max")
}
