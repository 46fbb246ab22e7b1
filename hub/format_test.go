package hub_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
)

// envelope takes a body of Idem apart without touching its parts.
type envelope struct {
	Tags    json.RawMessage `json:"tags"`
	Message json.RawMessage `json:"message"`
	RunName string          `json:"run_name"`
}

// Every event of a whole run of Idem, put again, has byte for byte the body that Idem sent.
func TestIdemsBytes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {"*": {address: a}}`)
		file, err := os.ReadFile("testdata/idem-run.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		lines := bufio.NewScanner(bytes.NewReader(file))
		for lines.Scan() {
			var sent struct{ Profile, Body string }
			var e envelope
			if err := json.Unmarshal(lines.Bytes(), &sent); err != nil {
				t.Fatal(err)
			}
			if json.Unmarshal([]byte(sent.Body), &e) != nil {
				continue // Python's NaN is not JSON: nothing to put
			}
			r.put(hub.Event{Profile: sent.Profile, Tags: e.Tags, Body: e.Message, RunName: e.RunName})
			want = append(want, sent.Body)
		}
		r.flush()
		var got []string
		for _, m := range r.brokers["a"].Stored() {
			got = append(got, string(m.Body))
		}
		if len(got) < 46 {
			t.Fatalf("%d events", len(got))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("bodies (-want +got):\n%s", diff)
		}
	})
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format      string
		event       hub.Event
		body        string
		contentType string
	}{
		{"idem", hub.Event{Body: map[string]any{"b": 1.0, "a": "é"}, Tags: map[string]any{"t": nil}},
			`{"tags": {"t": null}, "message": {"a": "\u00e9", "b": 1.0}, "run_name": "cli"}`, "application/json"},
		{"idem", hub.Event{Body: nil, RunName: "r\"ün"}, `{"tags": {}, "message": null, "run_name": "r\"\u00fcn"}`, "application/json"},
		{"idem", hub.Event{Body: json.RawMessage(`{"z":1e5,"a":1000000000000000000000000000000}`), Tags: json.RawMessage(`null`)},
			`{"tags": {}, "message": {"z": 1e5, "a": 1000000000000000000000000000000}, "run_name": "cli"}`, "application/json"},
		{"idem", hub.Event{Body: []byte("\x00\xff")}, `{"tags": {}, "message": "AP8=", "run_name": "cli"}`, "application/json"},
		{"idem-compact", hub.Event{Body: map[string]any{"b": 1, "a": "é: x"}, Tags: map[string]any{"t": []int{1, 2}}},
			`{"tags":{"t":[1,2]},"message":{"a":"é: x","b":1},"run_name":"cli"}`, "application/json"},
		{"raw", hub.Event{Body: map[string]any{"a": 1}, Tags: map[string]any{"t": 1}}, `{"a": 1}`, "application/json"},
		{"raw", hub.Event{Body: []byte("\x00\xff")}, "\x00\xff", "application/octet-stream"},
		{"raw", hub.Event{Body: []byte{}}, "", "application/octet-stream"},
	} {
		t.Run(c.format, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("file", "option"), fmt.Sprintf(`fake: {p: {address: file, format: %s}}`, c.format))
				o := open(t, r.brokers, `fake: {p: {address: option}}`, hub.WithFormat(c.format))
				c.event.Profile = "p"
				r.put(c.event)
				o.put(c.event)
				r.flush()
				o.flush()
				for address, b := range r.brokers {
					m := b.Stored()[0]
					if string(m.Body) != c.body || m.ContentType != c.contentType {
						t.Errorf("by %s: %s, %s; want %s, %s", address, m.Body, m.ContentType, c.body, c.contentType)
					}
				}
			})
		})
	}
}

func TestCloudEventsAttributes(t *testing.T) {
	at := time.Date(2024, 2, 3, 4, 5, 6, 789, time.FixedZone("", 3600))
	for name, c := range map[string]struct {
		yaml  string
		event hub.Event
		want  []providers.Attr
	}{
		"all": {`fake: {"*": {address: a}}`, hub.Event{Profile: "idem-x", ID: "id", Time: at, RunName: "n w/ö", Key: "k\n", TraceParent: "00-a-b-01"},
			[]providers.Attr{
				{Name: "specversion", Value: "1.0"}, {Name: "id", Value: "id"}, {Name: "source", Value: "/evhub/n%20w%2F%C3%B6"},
				{Name: "type", Value: "idem-x"}, {Name: "time", Value: "2024-02-03T03:05:06.000000789Z"},
				{Name: "traceparent", Value: "00-a-b-01"}, {Name: "runname", Value: "n w/ö"}, {Name: "partitionkey", Value: "k%0A"},
			}},
		"few, and a source of the file": {`fake: {"*": {address: a, source: /here}}`, hub.Event{ID: "id", Time: at},
			[]providers.Attr{
				{Name: "specversion", Value: "1.0"}, {Name: "id", Value: "id"}, {Name: "source", Value: "/here"},
				{Name: "type", Value: "default"}, {Name: "time", Value: "2024-02-03T03:05:06.000000789Z"}, {Name: "runname", Value: "cli"},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a"), c.yaml)
				r.put(c.event)
				r.flush()
				m := r.brokers["a"].Stored()[0]
				if diff := cmp.Diff(c.want, m.Attrs); diff != "" {
					t.Errorf("attributes (-want +got):\n%s", diff)
				}
				if m.ID != c.event.ID || m.Key != c.event.Key || !m.Time.Equal(at) {
					t.Errorf("message %+v", m)
				}
			})
		})
	}
}
