package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestReceipts(t *testing.T) {
	e := answering(t, http.StatusNoContent)
	acctFile, _ := toHTTP(t, e, "")
	r := evhub(t, "", "put", "-f", acctFile, "--body", "1", "--profile", "p", "--id", "x1", "--wait")
	r.want(t, exitDone)
	if want := "x1  delivered http:hook, delivered file:all\n"; r.out != want {
		t.Errorf("%q, want %q", r.out, want)
	}
	r = evhub(t, "", "put", "-f", acctFile, "--body", "1", "--profile", "p", "--id", "x1", "--wait", "-o", "json")
	r.want(t, exitDone)
	want := `{"id":"x1","results":[{"destination":"http:hook","state":"delivered","attempts":1},{"destination":"file:all","state":"delivered","attempts":1}]}` + "\n"
	if !strings.HasPrefix(r.out, want) {
		t.Errorf("%s, want %s", r.out, want)
	}
	acctFile = write(t, "acct.yaml", "internal:\n  p: {routing_key: q}\n")
	evhub(t, "", "put", "-f", acctFile, "--body", "1", "--wait").want(t, exitDone, "  no destination matches\n")
}

// TestReceiptsOfAStream checks that each event has its line, in the order of putting, refused ones none.
func TestReceiptsOfAStream(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	var input, want strings.Builder
	for i := range 2000 {
		if i == 700 {
			input.WriteString("bad\n")
		}
		fmt.Fprintf(&input, "{\"body\": %d, \"id\": \"id-%d\"}\n", i, i)
		fmt.Fprintf(&want, "id-%d\n", i)
	}
	r := evhub(t, input.String(), "put", "-f", acctFile, "--wait")
	r.want(t, exitRefused, "refused: line 701: ", "2000 events accepted, 2000 delivered, 1 refused")
	var got strings.Builder
	for line := range strings.Lines(r.out) {
		id, _, _ := strings.Cut(line, "  delivered ")
		got.WriteString(id + "\n")
	}
	if got.String() != want.String() {
		t.Error("the receipts are not those of the events, in their order")
	}
}

func TestDeadLetters(t *testing.T) {
	e := answering(t, http.StatusBadRequest)
	acctFile, events := toHTTP(t, e, "")
	input := strings.Repeat("{\"body\": 1, \"profile\": \"p\"}\n", 7)
	r := evhub(t, input, "put", "-f", acctFile)
	r.want(t, exitDead, "dead: event ", " at http:hook: ", "400", "dead: 2 more", "7 delivered, 7 dead letters")
	if got := read(t, events); got != strings.Repeat("1\n", 7) {
		t.Errorf("the healthy destination has %q", got)
	}
	r = evhub(t, "", "put", "-f", acctFile, "--body", "1", "--profile", "p", "--wait")
	r.want(t, exitDead, "  dead http:hook: ", "delivered file:all", "1 event accepted, 1 delivered, 1 dead letter\n")
	r = evhub(t, "", "put", "-f", acctFile, "--body", "1", "--profile", "p", "--id", "x", "-o", "json")
	r.want(t, exitDead)
	summary, _ := r.lines(t)[0]["summary"].(map[string]any)
	letters, _ := summary["dead_letters"].([]any)
	if len(letters) != 1 || letters[0].(map[string]any)["id"] != "x" {
		t.Errorf("the dead letters are %v", letters)
	}
}

func TestWhatRemainsWhere(t *testing.T) {
	e := answering(t, http.StatusServiceUnavailable)
	acctFile, events := toHTTP(t, e, "")
	r := evhub(t, "{\"body\": 1, \"profile\": \"p\"}\n{\"body\": 2}\nbad\n", "put", "-f", acctFile, "--timeout", "200ms", "--log-level", "error")
	r.want(t, exitRemain, "undelivered: 1 event for http:hook: ", "503", "2 events accepted, 2 delivered, 1 undelivered, 1 refused")
	if got := read(t, events); got != "1\n2\n" {
		t.Errorf("the healthy destination has %q", got)
	}
	r = evhub(t, "", "put", "-f", acctFile, "--timeout", "200ms", "--body", "1", "--profile", "p", "--id", "x", "--wait", "--log-level", "error")
	r.want(t, exitRemain, "x  pending http:hook", "delivered file:all")
	r = evhub(t, "", "put", "-f", acctFile, "--timeout", "200ms", "--body", "1", "--profile", "p", "-o", "json", "--log-level", "error")
	r.want(t, exitRemain, `"remaining":1`, `"last_error":`)
}

// TestNoRoom checks that a destination without room ends the reading after --timeout, and says at which line.
func TestNoRoom(t *testing.T) {
	e := answering(t, http.StatusServiceUnavailable)
	acctFile, _ := toHTTP(t, e, ", backlog: 1KiB")
	input := "{\"body\": 0}\n" + strings.Repeat("{\"body\": 1, \"profile\": \"p\"}\n", 600)
	r := evhub(t, input, "put", "-f", acctFile, "--timeout", "100ms", "--log-level", "error")
	r.want(t, exitRemain, "stopped: line ", " was not accepted, nor what follows", "destination http:hook", "undelivered: 2 events for http:hook")
	r = evhub(t, input, "put", "-f", acctFile, "--timeout", "100ms", "--log-level", "error", "--wait", "-o", "json")
	r.want(t, exitRemain, `"stopped":"line `, `"state":"pending"`)
}

func TestDroppedByPolicyIsSaid(t *testing.T) {
	e := answering(t, http.StatusServiceUnavailable)
	acctFile, _ := toHTTP(t, e, ", backlog: 1KiB, on_full: drop_newest")
	input := strings.Repeat("{\"body\": 1, \"profile\": \"p\"}\n", 100)
	r := evhub(t, input, "put", "-f", acctFile, "--timeout", "100ms", "--log-level", "error")
	r.want(t, exitRemain, "100 events accepted", "dropped by policy")
}
