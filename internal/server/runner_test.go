package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/server"
)

// recorded is a request as ansible-runner-http 1.0.0 has sent it.
type recorded struct {
	Method, Path, HTTP string
	Headers            [][2]string
	Body               string
}

func recordedRun(t *testing.T) (all []recorded) {
	t.Helper()
	text, err := os.ReadFile("testdata/runner-http-unix.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var one recorded
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// TestARecordedRunOfAnsibleRunner posts a run byte for byte: to the path of a socket without runner_http_path, and to one
// with it.
func TestARecordedRunOfAnsibleRunner(t *testing.T) {
	for _, path := range []string{"/", "/v1/runner", "/v1/runner?src=unix"} {
		r := serve(t, server.Options{})
		run := recordedRun(t)
		var bodies []string
		for _, one := range run {
			bodies = append(bodies, one.Body)
			conn := dial(t, r) // it makes a connection for each request
			fmt.Fprintf(conn, "%s %s %s\r\n", one.Method, path, one.HTTP)
			for _, h := range one.Headers {
				fmt.Fprintf(conn, "%s: %s\r\n", h[0], h[1])
			}
			fmt.Fprintf(conn, "\r\n%s", one.Body)
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || answer.StatusCode != 200 {
				t.Fatalf("%v, %v", answer, err)
			}
			_ = conn.Close()
		}
		arrived(t, r.other, len(run))
		var got, profiles []string
		for _, m := range r.other.Stored() {
			got, profiles = append(got, string(m.Body)), append(profiles, m.Profile)
		}
		if diff := cmp.Diff(bodies, got); diff != "" || len(got) < 10 {
			t.Errorf("%d bodies (-want +got):\n%s", len(got), diff)
		}
		if profiles[0] != "runner-status" || profiles[2] != "runner-event" {
			t.Errorf("profiles %v", profiles)
		}
	}
}

func TestWhatIsNotOfAnsibleRunner(t *testing.T) {
	r := serve(t, server.Options{})
	for body, want := range map[string]string{
		"":                    "not a JSON object",
		"[]":                  "not a JSON object",
		`{"status": "x"`:      "not a JSON object",
		`{"body": 1}`:         "neither a status",
		`{"profile": "idem"}`: "neither a status",
	} {
		if got := r.post(t, "/v1/runner", asJSON, body); got.status != 400 || !strings.Contains(got.Error, want) {
			t.Errorf("%q: %d %s, want %q", body, got.status, got.body, want)
		}
	}
	if got := r.post(t, "/v1/runner", asJSON, `{"event": "keepalive", "counter": 0, "uuid": 0}`); got.status != 200 || got.body != "{\"ids\":[]}\n" {
		t.Errorf("keepalive: %d %s", got.status, got.body)
	}
	r.post(t, "/v1/runner?wait=true", asJSON, `{"status": "running", "runner_ident": "1"}`).want(t, 200, `"state":"delivered"`)
	r.post(t, "/v1/runner?wait=maybe", asJSON, `{"status": "running", "runner_ident": "1"}`).want(t, 400, "wait must be")
}
