package runner_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
)

// bodies are what a recorded run of ansible-runner-http has posted.
func bodies(t *testing.T, name string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var request struct{ Body string }
		if err := json.Unmarshal([]byte(line), &request); err != nil {
			t.Fatal(err)
		}
		all = append(all, request.Body)
	}
	return all
}

func tags(t *testing.T, e hub.Event) map[string]string {
	t.Helper()
	text, err := json.Marshal(e.Tags)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]string
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestARecordedRun(t *testing.T) {
	ids, profiles := map[string]bool{}, map[string]int{}
	var results []string
	all := bodies(t, "http-tcp.jsonl")
	for _, body := range all {
		e, err := runner.Parse([]byte(body))
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if got, ok := e.Body.(json.RawMessage); !ok || string(got) != body {
			t.Errorf("the body became\n%s, want\n%s", got, body)
		}
		if e.Key != "run-1" || e.RunName != "run-1" {
			t.Errorf("key %q, run name %q, want run-1", e.Key, e.RunName)
		}
		ids[e.ID] = true
		profiles[e.Profile]++
		if tag := tags(t, e); strings.HasPrefix(tag["event"], "runner_on_failed") {
			results = append(results, tag["host"]+": "+tag["task"])
		}
	}
	if len(ids) != len(all) || ids[""] {
		t.Errorf("%d ids for %d messages", len(ids), len(all))
	}
	if diff := cmp.Diff(map[string]int{runner.StatusProfile: 3, runner.EventProfile: 40}, profiles); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	want := []string{"web1: fails but ignored", "web1: fails in block", "web1: retry", "web1: last failure"}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("failed tasks by tags (-want +got):\n%s", diff)
	}
}

func TestAStatus(t *testing.T) {
	m, err := runner.Options{}.Decode([]byte(bodies(t, "http-tcp.jsonl")[0]))
	if err != nil {
		t.Fatal(err)
	}
	s, ok := m.(*runner.Status)
	if !ok || s.Status != runner.Starting || len(s.Command) != 4 || s.Env["HOME"] == "" || s.Cwd == "" {
		t.Errorf("%+v", m)
	}
	want := map[string]string{"status": "starting", "ident": "run-1"}
	if diff := cmp.Diff(want, tags(t, m.HubEvent())); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if e := m.HubEvent(); !e.Time.IsZero() {
		t.Errorf("time %v, want none", e.Time)
	}
}

func TestAnEvent(t *testing.T) {
	m, err := runner.Options{}.Decode([]byte(`{"uuid": "u1", "parent_uuid": "u0", "counter": 7, "stdout": "ok", "start_line": 4, "end_line": 5,
		"runner_ident": "r", "event": "runner_on_ok", "pid": 11, "created": "2018-06-07T14:54:58.410605", "verbosity": 1, "job_id": 4,
		"event_data": {"task": "hello", "host": "web1", "task_action": "debug", "duration": 0.25, "res": {"changed": false}}}`))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := m.(*runner.Event)
	if !ok || e.UUID != "u1" || e.ParentUUID != "u0" || e.Counter != 7 || e.StartLine != 4 || e.EndLine != 5 || e.PID != 11 ||
		e.Verbosity != 1 || e.JobID != 4 || e.EventData.TaskAction != "debug" || e.EventData.Duration != 0.25 ||
		string(e.EventData.Res) != `{"changed": false}` {
		t.Errorf("%+v", m)
	}
	want := map[string]string{"event": "runner_on_ok", "ident": "r", "host": "web1", "task": "hello"}
	if diff := cmp.Diff(want, tags(t, m.HubEvent())); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestTimes(t *testing.T) {
	want := time.Date(2018, 6, 7, 14, 54, 58, 410605000, time.UTC)
	for _, created := range []string{"2018-06-07T14:54:58.410605", "2018-06-07T14:54:58.410605+00:00", "2018-06-07T16:54:58.410605+02:00"} {
		if got := (&runner.Event{Created: created}).Time(); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, want %v", created, got, want)
		}
	}
	for _, created := range []string{"", "yesterday"} {
		if got := (&runner.Event{Created: created}).Time(); !got.IsZero() {
			t.Errorf("%q: %v, want none", created, got)
		}
	}
}

func TestIdentities(t *testing.T) {
	id := func(text string) string {
		t.Helper()
		e, err := runner.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	first := id(`{"uuid": "u", "event": "verbose", "runner_ident": "r", "counter": 1}`)
	if again := id(`{"runner_ident": "r", "uuid": "u", "event": "verbose", "stdout": "x"}`); again != first {
		t.Errorf("the same event has the ids %s and %s", first, again)
	}
	if want := "c6df92aa-2c38-5df3-9537-25732b9233f6"; first != want {
		t.Errorf("the id is %s, want %s: receivers know it", first, want)
	}
	seen := map[string]string{"": "nothing"}
	for _, text := range []string{
		`{"uuid": "u", "event": "verbose", "runner_ident": "r"}`,
		`{"uuid": "v", "event": "verbose", "runner_ident": "r"}`,
		`{"uuid": "u", "event": "verbose", "runner_ident": "s"}`,
		`{"uuid": "u", "event": "verbose", "runner_ident": "x/r"}`,
		`{"uuid": "u/x", "event": "verbose", "runner_ident": "r"}`,
		`{"status": "u", "runner_ident": "r"}`,
		`{"status": "running", "runner_ident": "r"}`,
		`{"status": "running", "runner_ident": "s"}`,
	} {
		if other, twice := seen[id(text)]; twice {
			t.Errorf("%s has the id of %s", text, other)
		}
		seen[id(text)] = text
	}
	if got := id(`{"status": "error", "job_explanation": "the stream broke"}`); got != "" {
		t.Errorf("a status of no run has the id %s, want a new one each time", got)
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	for want, texts := range map[error][]string{
		runner.ErrNotJSON: {"", "PLAY [all] ****", `"text"`, "[]", "null", "12", `{"status": "running"`, `{"status": "running"} {"status": "running"}`, `{"uuid"`, "{'status': 'running'}"},
		runner.ErrForeign: {`{"changed": true}`, `{"status": 3}`, `{"status": ""}`, `{"status": null}`, `{"event": "verbose"}`, `{"event": "verbose", "uuid": 3}`,
			`{"status": "x", "event": "y"}`, `{"Status": "running"}`, `{"eof": true, "msg": "of a task"}`, `{"uuid": "u"}`, `{"uuid": "u", "status": "x"}`},
		runner.ErrNothing: {"{}", ` {"event": "keepalive", "counter": 0, "uuid": 0} `, `{"event": "EOF"}`, `{"eof": true}`, `{"zipfile": 1225}`, `{"kwargs": {"ident": "x"}}`},
	} {
		for _, text := range texts {
			if e, err := runner.Parse([]byte(text)); !errors.Is(err, want) {
				t.Errorf("%s: %+v, %v; want %v", text, e, err, want)
			}
		}
	}
}

func TestMembersOfOtherTypesCostNothing(t *testing.T) {
	text := `{"uuid": "u", "event": "verbose", "runner_ident": "r", "counter": "one", "event_data": [1], "pid": null, "job_id": "x", "stdout": "out"}`
	m, err := runner.Options{}.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := m.(*runner.Event); !ok || e.Stdout != "out" || e.RunnerIdent != "r" || string(e.HubEvent().Body.(json.RawMessage)) != text {
		t.Errorf("%+v", m)
	}
}

func TestOptions(t *testing.T) {
	o := runner.Options{Ident: "given", DropEnv: true}
	for text, want := range map[string]string{
		`{"status": "starting", "runner_ident": "r", "env": {"A": "s3cret", "env": 1}, "cwd": "/"}`: `{"status": "starting", "runner_ident": "r", "cwd": "/"}`,
		`{"env":{},"status":"starting","runner_ident":"r" , "command": ["<b>"]}`:                    `{"status":"starting", "runner_ident":"r", "command": ["<b>"]}`,
		`{"status":"running","runner_ident":"r"}`:                                                   `{"status":"running","runner_ident":"r"}`,
		`{"uuid": "u", "event": "verbose", "runner_ident": "r", "env": {}}`:                         `{"uuid": "u", "event": "verbose", "runner_ident": "r", "env": {}}`,
	} {
		m, err := o.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(m.HubEvent().Body.(json.RawMessage)); got != want || m.Ident() != "r" {
			t.Errorf("%s became\n%s of %s, want\n%s", text, got, m.Ident(), want)
		}
		if s, ok := m.(*runner.Status); ok && s.Env != nil {
			t.Errorf("the environment is still there: %v", s.Env)
		}
	}
	for _, text := range []string{`{"status": "error", "job_explanation": "it broke"}`, `{"uuid": "u", "event": "verbose"}`} {
		m, err := o.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if e := m.HubEvent(); m.Ident() != "given" || tags(t, e)["ident"] != "given" || string(e.Body.(json.RawMessage)) != text {
			t.Errorf("%+v, want the ident that was given, and the body as it was", e)
		}
	}
}

// TestTheBodyIsACopy checks that who reads lines may use their memory again.
func TestTheBodyIsACopy(t *testing.T) {
	text := []byte(`{"status": "running", "runner_ident": "r"}`)
	e, err := runner.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	if got := string(e.Body.(json.RawMessage)); got != `{"status": "running", "runner_ident": "r"}` {
		t.Errorf("the body became %q", got)
	}
}
