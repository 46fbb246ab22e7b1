package http_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

const event = `{"tags": {"host": "web1", "a.b": 1, "a": {"b": 2}}, "message": {"state": "failed", "n": 100000000000000000000000000001,
 "f": 1.50E+3, "z": {"b": 1, "a": 2}, "list": [10, {"x": [true]}, null, "\u00e9\ud800"], "none": null, "": "empty", "twice": 1, "twice": 2, "back\\slash": 3, "Up": 4}, "run_name": "r"}`

func TestOutputs(t *testing.T) {
	for expression, want := range map[string]string{
		"$.message.state":       `"failed"`,
		"$.tags.host":           `"web1"`,
		"$.message.n":           `100000000000000000000000000001`,
		"$.message.f":           `1.50E+3`,
		"$.message.z":           `{"b": 1, "a": 2}`,
		"$.message.list.0":      `10`,
		"$.message.list.1.x.0":  `true`,
		"$.message.list.2":      `null`,
		"$.message.list.3":      `"\u00e9\ud800"`,
		"$.message.list.4":      `null`,
		"$.message.list.-1":     `null`,
		"$.message.list.01":     `null`,
		"$.message.list.x":      `null`,
		"$.message.none":        `null`,
		"$.Message":             `null`,
		"$.message.up":          `null`,
		"$.message.Up":          `4`,
		"$.message.none.deeper": `null`,
		"$.message.state.x":     `null`,
		"$.message.state.0":     `null`,
		"$.message.n.0":         `null`,
		"$.absent.at.all":       `null`,
		"$.message.twice":       `2`,
		`$.tags.a\.b`:           `1`,
		`$.tags.a.b`:            `2`,
		`$.message.back\\slash`: `3`,
		"$":                     event,
		"$$.message":            `"$.message"`,
		"$$":                    `"$"`,
		"":                      `""`,
		"message.state":         `"message.state"`,
		`<é & "ü">`:             `"<é & \"ü\">"`,
	} {
		t.Run(expression, func(t *testing.T) {
			if got := outputsOf(t, evhttp.Outputs{{Name: "x", Value: expression}}, event); got != `{"x": `+want+`}` {
				t.Errorf("got  %s\nwant {\"x\": %s}", got, want)
			}
		})
	}
}

// outputsOf returns the body of the request for an event with that body.
func outputsOf(t *testing.T, outputs evhttp.Outputs, body string) string {
	t.Helper()
	handler, got := record(t)
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) { c.URL, c.Outputs = serve(t, handler).URL, outputs })
	m := messages(1)[0]
	m.Body = []byte(body)
	if err := deliver(t, s, m)[0]; err != nil {
		t.Fatal(err)
	}
	return (<-got).Body
}

func TestConstantsKeepTheirType(t *testing.T) {
	got := outputsOf(t, evhttp.Outputs{{"text", "a"}, {"number", 1}, {"fraction", 1.5}, {"flag", true}, {"nothing", nil}, {"list", []any{"$.tags", 2}}, {`na"me`, map[string]any{"a": "b"}}}, `1`)
	want := `{"text": "a", "number": 1, "fraction": 1.5, "flag": true, "nothing": null, "list": ["$.tags",2], "na\"me": {"a":"b"}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOutputsOfScalars(t *testing.T) {
	for body, want := range map[string]string{`"x"`: `{"all": "x", "part": null}`, `[1]`: `{"all": [1], "part": null}`, `{}`: `{"all": {}, "part": null}`} {
		if got := outputsOf(t, evhttp.Outputs{{"all", "$"}, {"part", "$.a"}}, body); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

func TestOutputsHaveNoSpaceAround(t *testing.T) {
	if got := outputsOf(t, evhttp.Outputs{{"all", "$"}, {"first", "$.0"}}, "\n[ 1 ]\n"); got != `{"all": [ 1 ], "first": 1}` {
		t.Errorf("got %s", got)
	}
}

func TestOutputsAreJSON(t *testing.T) {
	handler, got := record(t)
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL, c.Outputs = serve(t, handler).URL, evhttp.Outputs{{"x", "$.data.x"}}
	})
	ms := messages(4)
	ms[0].Body, ms[0].ContentType = []byte(`{"data": {"x": 1}}`), "application/cloudevents+json"
	ms[1].ContentType = "application/octet-stream"
	ms[2].Body = []byte(`{"data": `)
	if diff := cmp.Diff([]string{"delivered", "permanent", "permanent", "delivered"}, classes(deliver(t, s, ms...))); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	for _, want := range []string{`{"x": 1}`, `{"x": null}`} {
		if r := <-got; r.Body != want || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s of type %s, want %s", r.Body, r.Header.Get("Content-Type"), want)
		}
	}
}

// TestOutputsInTheFile has both forms, references and what is no path.
func TestOutputsInTheFile(t *testing.T) {
	t.Setenv("TEAM", "infra")
	for name, tc := range map[string]struct{ outputs, want, mistake string }{
		"mapping":       {`{b: $.message.x, a: 1, team: {env: TEAM}}`, `{"a": 1, "b": [2], "team": "infra"}`, ""},
		"list":          {`[{b: $.message.x}, {a: yes}, {team: {env: TEAM}}]`, `{"b": [2], "a": "yes", "team": "infra"}`, ""},
		"none":          {`{}`, `{"tags": {}, "message": {"x": [2]}, "run_name": "cli"}`, ""},
		"no path":       {`{a: $x}`, "", "http.p.outputs.a: is no path"},
		"brackets":      {`{a: '$.x[0]'}`, "", "http.p.outputs.a: is no path: write $.name, $.name.name or $.list.0"},
		"escaped [":     {`{a: '$.message.x\[0]'}`, `{"a": null}`, ""},
		"no dot":        {`{a: $xy}`, "", "http.p.outputs.a: is no path"},
		"empty name":    {`{a: $.x..y}`, "", "http.p.outputs.a: is no path"},
		"ends in a dot": {`{a: $.x.}`, "", "http.p.outputs.a: is no path"},
		"only a dot":    {`{a: $.}`, "", "http.p.outputs.a: is no path"},
		"half escape":   {`{a: '$.x\'}`, "", "http.p.outputs.a: is no path"},
		"twice":         {`[{a: 1}, {a: 2}]`, "", "http.p.outputs.a: is given twice"},
		"text":          {`hunter2`, "", "http.p.outputs: want a mapping"},
		"list of texts": {`[hunter2]`, "", "http.p.outputs"},
		"infinite":      {`{a: .inf}`, "", "http.p.outputs.a: has a value that JSON cannot express"},
	} {
		t.Run(name, func(t *testing.T) {
			handler, got := record(t)
			text := `http: {p: {url: "` + serve(t, handler).URL + `", outputs: ` + tc.outputs + `}}`
			if tc.mistake != "" {
				if err := planned(t, text); err == nil || !strings.Contains(err.Error(), tc.mistake) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%v, want %s", err, tc.mistake)
				}
				return
			}
			through(t, text, "p", []string{`{"x":[2]}`})
			if r := <-got; r.Body != tc.want {
				t.Errorf("got  %s\nwant %s", r.Body, tc.want)
			}
		})
	}
}

// TestPostsOfTheCallbackPlugin makes the bodies that an Ansible callback plugin has posted from events with more in them.
func TestPostsOfTheCallbackPlugin(t *testing.T) {
	for file, outputs := range map[string]string{
		"posts.jsonl":                 `{state: $.state, task_name: $.task, task_output: $.output}`,
		"posts-renamed-outputs.jsonl": `[{status: $.state}, {task_name: $.task}, {output_text: $.output}]`,
	} {
		t.Run(file, func(t *testing.T) {
			want := recordedIn(t, "testdata/callback/"+file)
			var bodies []string
			for i, r := range want {
				bodies = append(bodies, taskResult(t, r.Body))
				// The library sends credentials in Latin-1, and evhub in UTF-8, as RFC 7617 wants it.
				want[i].Headers = append(r.Headers[:len(r.Headers)-1:len(r.Headers)-1], [2]string{"Authorization", "Basic YWRtaW46czNjcmV0OnDDpHNz"})
			}
			handler, got := record(t)
			through(t, `http: {ansible-task: {url: "`+serve(t, handler).URL+`/api/v1/results", format: raw, username: admin, password: "s3cret:päss", outputs: `+outputs+`}}`,
				"ansible-task", bodies)
			sameRequests(t, want, got)
		})
	}
}

// taskResult is an event from which a plugin that was configured differently has sent what body holds.
func taskResult(t *testing.T, body string) string {
	t.Helper()
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &values); err != nil {
		t.Fatal(err)
	}
	pick := func(names ...string) string {
		for _, name := range names {
			if v := values[name]; v != nil {
				return string(v)
			}
		}
		return ""
	}
	return `{"host": "localhost", "output": ` + pick("task_output", "output_text") + `, "task": ` + pick("task_name") + `, "state": ` + pick("state", "status") + `}`
}

// planned returns what is wrong with an acct file.
func planned(t *testing.T, text string) error {
	t.Helper()
	file, err := acct.Parse("acct.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = hub.NewPlan(file, hub.WithProviders(evhttp.Provider()))
	return err
}
