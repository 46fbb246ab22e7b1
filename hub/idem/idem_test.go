package idem_test

import (
	"bufio"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
)

// Every event of a whole run of Idem is made again, byte for byte, from its parts.
func TestARunOfIdem(t *testing.T) {
	seen := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(fixture(t, "../testdata/idem-run.jsonl")))
	for lines.Scan() {
		var was struct{ Profile, Body string }
		if err := json.Unmarshal(lines.Bytes(), &was); err != nil {
			t.Fatal(err)
		}
		if !json.Valid([]byte(was.Body)) {
			continue // Python's NaN is not JSON
		}
		seen[was.Profile]++
		e := construct(t, was.Profile, partsOf(t, was.Body), idem.AsSent(), idem.KeepCredentials())
		if diff := cmp.Diff(sent{was.Profile, was.Body}, send(t, e, "idem"), cmp.AllowUnexported(sent{})); diff != "" {
			t.Error(diff)
		}
	}
	for _, profile := range []string{
		idem.ProfileStatus, idem.ProfileLow, idem.ProfileHigh, idem.ProfileState, idem.ProfileChunk, idem.ProfileRun,
		idem.ProfileExec, idem.ProfileESM,
	} {
		if seen[profile] == 0 {
			t.Errorf("the run has no %s", profile)
		}
	}
}

func TestFixtures(t *testing.T) {
	paths, err := filepath.Glob("testdata/idem-*.json")
	if err != nil || len(paths) < 13 {
		t.Fatalf("%v: %v", paths, err)
	}
	for _, path := range paths {
		body := fixture(t, path)
		if !json.Valid([]byte(body)) {
			continue // idem-state-post-odd-types, which has NaN
		}
		name := strings.SplitN(filepath.Base(strings.TrimSuffix(path, ".json")), "-", 3)
		profile := name[0] + "-" + name[1]
		e := construct(t, profile, partsOf(t, body), idem.AsSent(), idem.KeepCredentials())
		if diff := cmp.Diff(sent{profile, body}, send(t, e, "idem"), cmp.AllowUnexported(sent{})); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// What the documents say wins, where they say something else.
func TestDocumentsWin(t *testing.T) {
	for _, c := range []struct {
		event hub.Event
		want  string
	}{
		{idem.Chunk("states.demo.types", json.RawMessage(`{"name": "n"}`)),
			`{"tags": {"ref": "states.demo.types", "type": "state-post"}, "message": {"name": "n"}, "run_name": "nightly"}`},
		{idem.Chunk("", 1), `{"tags": {"ref": null, "type": "state-post"}, "message": 1, "run_name": "nightly"}`},
		{idem.Run(idem.Caller{}, 1),
			`{"tags": {"ref": "idem.rules.init.run", "type": "state-result", "acct_details": null}, "message": 1, "run_name": "nightly"}`},
		{idem.Run(idem.Caller{}, 1, idem.AsSent()),
			`{"tags": {"ref": null, "type": "state-result", "acct_details": null}, "message": 1, "run_name": "nightly"}`},
		{idem.Logger(idem.Log{Level: "WARNING", Module: "init", Timestamp: "02:40:20", Message: "text", Ref: "log.init"}),
			`{"tags": {"module": "init", "level": "WARNING", "timestamp": "02:40:20", "ref": "log.init"}, "message": "text", "run_name": "nightly"}`},
		{idem.ESM(nil), fixture(t, "testdata/idem-esm.json")},
	} {
		if diff := cmp.Diff(c.want, send(t, c.event, "idem").body); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLoggerAsSent(t *testing.T) {
	body := fixture(t, "testdata/logger.json")
	var l idem.Log
	if err := json.Unmarshal([]byte(body), &l); err != nil {
		t.Fatal(err)
	}
	l.Ref = "log.init.queue"
	if diff := cmp.Diff(sent{"logger", body}, send(t, idem.Logger(l, idem.AsSent()), "raw"), cmp.AllowUnexported(sent{})); diff != "" {
		t.Error(diff)
	}
	if got := send(t, idem.Logger(l), "idem").profile; got != "idem-logger" {
		t.Error(got)
	}
}

func TestStatuses(t *testing.T) {
	numbers := map[string]idem.RunStatus{
		"FINISHED": 0, "CREATED": 1, "GATHERING": 2, "COMPILING": 3, "RUNNING": 4,
		"COMPILATION_ERROR": -1, "GATHER_ERROR": -2, "RUNTIME_ERROR": -3, "UNDEFINED": -4,
	}
	for _, name := range idem.StatusNames() {
		status, err := idem.ParseStatus(name)
		if want, ok := numbers[name]; !ok || err != nil || status != want || status.String() != name {
			t.Errorf("%s is %d, %s, %v; want %d", name, status, status, err, want)
		}
		delete(numbers, name)
	}
	if len(numbers) > 0 {
		t.Errorf("not there: %v", numbers)
	}
	if s := idem.RunStatus(17); s.String() != "UNDEFINED" {
		t.Errorf("%s", s)
	}
	_, err := idem.ParseStatus("DONE")
	if err == nil || !strings.Contains(err.Error(), `"DONE"; there are FINISHED, CREATED, `) {
		t.Error(err)
	}
}

// The types have the keys of the fixtures in their order.
func TestTypes(t *testing.T) {
	null := json.RawMessage("null")
	message := func(path string) json.RawMessage { return partsOf(t, fixture(t, path)).Message }
	created := json.RawMessage(`{"msg": "h\u00e9llo \u4e16\u754c", "n": 3, "pi": 3.5, "none": null, "list": [1, "two", true]}`)
	comment := []string{"Created demo.present", "named 'greet wörld'"}
	changes := map[string]any{"old": nil, "new": created}
	// Changes have "old" first; a map is sorted.
	ordered := json.RawMessage(`{"old": null, "new": ` + string(created) + `}`)
	for name, c := range map[string]struct {
		got  any
		want json.RawMessage
	}{
		"chunk":  {idem.StateChunk{State: "demo", Name: "typed", SLS: ".sls.demo", ID: "typed", Order: 100002, Fun: "types"}, message("testdata/idem-chunk.json")},
		"return": {idem.StateReturn{Changes: ordered, Comment: comment, Name: "greet wörld", Result: true, OldState: null, NewState: created}, message("testdata/idem-state-post.json")},
		"result": {idem.StateResult{
			Tag: "demo_|-greet_|-greet_|-present", Name: "greet wörld", ID: "greet", Changes: ordered, NewState: created, Comment: comment,
			RerunData: null, Result: true, ESMTag: "demo_|-greet_|-greet_|-", RunNum: 1, StartTime: "2026-11-22 02:26:49.216241",
			TotalSeconds: 0.000959, SLSMeta: json.RawMessage(`{"SLS": {}, "ID_DECS": {}}`), Ref: "states.demo.present", AcctDetails: struct{}{},
		}, message("testdata/idem-run.json")},
		"documented return": {idem.StateReturn{Changes: changes, Comment: "", Name: "n", Result: true},
			json.RawMessage(`{"changes": {"new": ` + string(created) + `, "old": null}, "comment": "", "name": "n", "result": true}`)},
		"documented result": {idem.StateResult{Name: "n", ID: "n", Order: 7}, json.RawMessage(
			`{"tag": "", "name": "n", "__id__": "n", "order": 7, "changes": null, "new_state": null, "old_state": null, "comment": null, "result": false, "esm_tag": "", "__run_num": 0}`)},
		"documented call": {idem.StateCall{Ctx: idem.StateContext{RunName: "r"}, Kwargs: struct{}{}, Name: "n"},
			json.RawMessage(`{"ctx": {"run_name": "r", "test": false}, "kwargs": {}, "name": "n"}`)},
		"exec": {idem.ExecReturn{Result: true, Ret: 1.0, Comment: "c"}, json.RawMessage(`{"result": true, "ret": 1.0, "comment": "c"}`)},
	} {
		if diff := cmp.Diff(string(c.want), send(t, hub.Event{Body: c.got}, "raw").body); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
