package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bury makes dead letters of so many events at http:hook.
func bury(t *testing.T, dir string, n int) {
	t.Helper()
	acctFile := hookAcct(t, answering(t, http.StatusBadRequest).URL)
	evhub(t, numbered(n), "put", "-f", acctFile, "--journal", dir).want(t, exitDead, count(n, "dead letter"))
}

func TestDeadLettersAreListed(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 3)
	r := evhub(t, "", "deadletters", "list", "--journal", dir)
	r.want(t, exitDone, "DESTINATION  TIME ", "\nhttp:hook    ", " id-0  p        ", "400 Bad Request", "3 dead letters\n")
	if n := strings.Count(r.out, "\n"); n != 4 {
		t.Errorf("%d lines: %s", n, r.out)
	}
	lines := evhub(t, "", "deadletters", "list", "--journal", dir, "-o", "json").lines(t)
	if len(lines) != 3 {
		t.Fatalf("%v", lines)
	}
	for i, l := range lines {
		at, err := time.Parse(time.RFC3339, fmt.Sprint(l["time"]))
		if l["id"] != fmt.Sprintf("id-%d", i) || l["destination"] != "http:hook" || l["profile"] != "p" || l["attempts"] != 1.0 ||
			!strings.Contains(fmt.Sprint(l["reason"]), "400") || err != nil || time.Since(at) > time.Minute {
			t.Errorf("%v", l)
		}
	}
	for want, flags := range map[int][]string{
		3: {"--destination", "http:*", "--profile", "?", "--reason", "400", "--since", "1h"},
		0: {"--destination", "kafka:*"},
	} {
		for _, more := range [][]string{{}, {"--profile", "other"}, {"--reason", "401"}, {"--until", "1h"}, {"--since", "2100-01-01T00:00:00Z"}} {
			lines := evhub(t, "", append(append([]string{"deadletters", "list", "--journal", dir, "-o", "json"}, flags...), more...)...).lines(t)
			if len(more) > 0 {
				want = 0
			}
			if len(lines) != want {
				t.Errorf("%v %v: %d letters, want %d", flags, more, len(lines), want)
			}
		}
	}
	evhub(t, "", "deadletters", "list", "--journal", dir, "--profile", "other").want(t, exitDone, "0 dead letters")
}

// A letter that cannot be read is not missing from the list without a word.
func TestAListWithoutDamagedLettersFails(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 3)
	files, err := filepath.Glob(filepath.Join(dir, "dead", "*", "*.seg"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	text := read(t, files[0])
	at := strings.Index(text, "id-1")
	if err := os.WriteFile(files[0], []byte(text[:at]+"iD"+text[at+2:]), 0o600); err != nil {
		t.Fatal(err)
	}
	r := evhub(t, "", "deadletters", "list", "--journal", dir)
	r.want(t, exitFailure, "\n2 dead letters\n", "evhub: dead letters of http:hook cannot be read and are not listed: 1 letter at least (1 bad place, ", "level=ERROR", "destination=http:hook")
	if strings.Contains(r.err, "key=") {
		t.Errorf("a number that says nothing: %s", r.err)
	}
	evhub(t, "", "deadletters", "list", "--journal", dir, "--destination", "file:*").want(t, exitDone)
}

func TestADeadLetterIsShownAsAWhole(t *testing.T) {
	dir := newDir(t)
	acctFile := hookAcct(t, answering(t, http.StatusBadRequest).URL)
	evhub(t, `{"body": {"z": 1.0}, "profile": "p", "id": "x", "run_name": "r", "key": "k", "tags": {"a": "b"}}`, "put", "-f", acctFile, "--journal", dir).
		want(t, exitDead)
	evhub(t, "", "deadletters", "show", "x", "--journal", dir).want(t, exitDone, " p run r key k id x\n", "  at       http:hook\n", "after 1 attempt",
		"  reason   POST ", "400", `  tags     {"a": "b"}`, `  body     {"z": 1.0}`)
	r := evhub(t, "", "deadletters", "show", "x", "--journal", dir, "-o", "json")
	r.want(t, exitDone, `"body":{"z":1.0}`)
	event, err := json.Marshal(r.line(t)["event"])
	if err != nil {
		t.Fatal(err)
	}
	evhub(t, string(event), "listen").want(t, exitDone, " p run r key k id x\n") // as put takes it
	evhub(t, "", "deadletters", "show", "x", "y", "--journal", dir).want(t, exitFailure, "no dead letter with the id y", "at       http:hook")
}

// TestBytesAreToldFromText checks that nobody takes the base64 of a binary body for a text.
func TestBytesAreToldFromText(t *testing.T) {
	dir := newDir(t)
	acctFile := hookAcct(t, answering(t, http.StatusBadRequest).URL)
	input := `{"body_base64": "AP9h", "profile": "p", "id": "bytes"}` + "\n" + `{"body": "AP9h", "profile": "p", "id": "text"}` + "\n"
	evhub(t, input, "put", "-f", acctFile, "--journal", dir).want(t, exitDead)
	evhub(t, "", "deadletters", "show", "bytes", "--journal", dir).want(t, exitDone, "  body     base64 AP9h\n")
	evhub(t, "", "deadletters", "show", "text", "--journal", dir).want(t, exitDone, "  body     \"AP9h\"\n")
	evhub(t, "", "journal", "tail", "--journal", dir).want(t, exitDone, " id bytes to http:hook body base64 AP9h\n", " id text to http:hook body \"AP9h\"\n")
	evhub(t, input, "listen").want(t, exitDone, "  body base64 AP9h\n", "  body \"AP9h\"\n")
}

func TestDeadLettersAreReplayedInTheirOrder(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 5)
	r := evhub(t, "", "deadletters", "replay", "id-3", "id-1", "--journal", dir)
	r.want(t, exitDone, "2 dead letters queued again")
	evhub(t, "", "deadletters", "list", "--journal", dir).want(t, exitDone, "id-0", "id-2", "id-4", "3 dead letters")
	evhub(t, "", "deadletters", "replay", "--reason", "nothing like it", "--journal", dir, "-o", "json").want(t, exitDone, `{"replayed":0}`)
	evhub(t, "", "deadletters", "replay", "--all", "--journal", dir, "-o", "json").want(t, exitDone, `{"replayed":3}`)
	well := answering(t, http.StatusNoContent)
	evhub(t, "", "drain", "-f", hookAcct(t, well.URL), "--journal", dir).want(t, exitDone, "5 delivered")
	if diff := cmp.Diff([]string{"1", "3", "0", "2", "4"}, well.got()); diff != "" {
		t.Error(diff)
	}
	evhub(t, "", "deadletters", "list", "--journal", dir).want(t, exitDone, "0 dead letters")
}

func TestDeadLettersAreDropped(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 3)
	evhub(t, "", "deadletters", "drop", "id-1", "--journal", dir, "--yes").want(t, exitDone, "1 dead letter dropped")
	evhub(t, "", "deadletters", "drop", "--until", "1h", "--journal", dir, "--yes", "-o", "json").want(t, exitDone, `{"dropped":0}`)
	evhub(t, "", "deadletters", "drop", "--all", "--journal", dir, "--yes").want(t, exitDone, "2 dead letters dropped")
	evhub(t, "", "deadletters", "list", "--journal", dir).want(t, exitDone, "0 dead letters")
	evhub(t, "", "drain", "-f", hookAcct(t, answering(t, http.StatusNoContent).URL), "--journal", dir).want(t, exitDone, "nothing to deliver")
}

func TestAnIDThatNoDeadLetterHasIsAnError(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 3)
	letters := func(args ...string) result {
		t.Helper()
		return evhub(t, "", append(append([]string{"deadletters"}, args...), "--journal", dir)...)
	}
	for _, args := range [][]string{{"replay", "nope"}, {"drop", "nope", "--yes"}, {"show", "nope"}} {
		r := letters(args...)
		r.want(t, exitFailure, "no dead letter with the id nope")
		if strings.Contains(r.out, "0 dead letters") {
			t.Errorf("%v: %s", args, r.out)
		}
	}
	letters("replay", "id-2", "nope", "no").want(t, exitFailure, "1 dead letter queued again", "no dead letter with the id nope, no\n")
	letters("drop", "nope", "id-1", "--yes", "-o", "json").want(t, exitFailure, `{"dropped":1}`, "no dead letter with the id nope\n")
	letters("drop", "id-0", "--yes", "--reason", "500").want(t, exitFailure, "no dead letter with the id id-0 that the flags choose\n")
	letters("list").want(t, exitDone, "id-0", "1 dead letter\n")
	letters("drop", "--profile", "other", "--yes").want(t, exitDone, "0 dead letters dropped")
}

func TestReplayForADestinationThatNobodyServes(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 2)
	other, _ := toFile(t, "raw")
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitDone)
	r := evhub(t, "", "deadletters", "replay", "--all", "--journal", dir)
	r.want(t, exitDone, "2 dead letters queued again; \"evhub drain\" delivers those whose destination is in its acct file\n",
		"orphaned: http:hook was not in the acct file that was used last: use one that has it, or evhub journal adopt 'http:hook' TO")
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitRemain, "orphaned: 2 events for http:hook")
}

func TestATimeAgo(t *testing.T) {
	now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                          {},
		"24h":                       now.Add(-24 * time.Hour),
		"1h30m":                     now.Add(-90 * time.Minute),
		"2026-01-31T23:59:59Z":      time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC),
		"2026-01-31T23:59:59.5Z":    time.Date(2026, 1, 31, 23, 59, 59, 5e8, time.UTC),
		"2026-02-01T01:00:00+02:00": time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC),
	} {
		got, err := parseTime("--since", text, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}
