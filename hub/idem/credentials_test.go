package idem_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
)

// Idem sends decrypted credentials with its low data. They are gone, and nothing else is.
func TestCredentialsAreLeftOut(t *testing.T) {
	body := fixture(t, "testdata/idem-low-leaks-credentials.json")
	want := withoutKey(t, body, "acct", `{"secret_key": "TOPSECRET"}`)
	low := partsOf(t, body).Message
	if diff := cmp.Diff(want, send(t, idem.Low(low), "idem").body); diff != "" {
		t.Error(diff)
	}
	var chunks []json.RawMessage
	if err := json.Unmarshal(low, &chunks); err != nil {
		t.Fatal(err)
	}
	for _, asSent := range [][]idem.Option{nil, {idem.AsSent()}} {
		if got := send(t, idem.Chunk("states.cloud.present", chunks[0], asSent...), "idem").body; strings.Contains(got, "SECRET") ||
			!strings.Contains(got, `"acct_details": {}`) {
			t.Error(got)
		}
	}
	for _, e := range []hub.Event{idem.Low(low, idem.KeepCredentials()), idem.Chunk("r", chunks[0], idem.KeepCredentials())} {
		if got := send(t, e, "idem").body; !strings.Contains(got, "SECRET") {
			t.Errorf("asked for, and not there: %s", got)
		}
	}
}

func TestCredentialsOfManySpellings(t *testing.T) {
	pre := idem.Caller{Ref: "states.cloud.present"}
	for _, c := range []struct {
		name  string
		event hub.Event
		want  string
	}{
		{"a Go map", idem.Low([]any{map[string]any{"ctx": map[string]any{"acct": "S", "b": 1.0}, "acct": 1}}), `[{"acct": 1, "ctx": {"b": 1.0}}]`},
		{"first and last", idem.Low(json.RawMessage(`[{"ctx":{"acct":"S","acct_details":1}},{"ctx":{"z":"acct","acct":["S",{}]}},{"ctx":{"acct":"S"}}]`)),
			`[{"ctx": {"acct_details": 1}}, {"ctx": {"z": "acct"}}, {"ctx": {}}]`},
		{"twice, and escaped", idem.Low(json.RawMessage(`[{"ctx": {"acct": "S", "\u0061cct": "S", "b": 1e5}}]`)), `[{"ctx": {"b": 1e5}}]`},
		{"odd chunks", idem.Low(json.RawMessage(`[null, 1, [], {}, {"ctx": null}, {"ctx": ["acct"]}, {"": {"ctx": {"acct": "kept"}}}]`)),
			`[null, 1, [], {}, {"ctx": null}, {"ctx": ["acct"]}, {"": {"ctx": {"acct": "kept"}}}]`},
		{"no list", idem.Low(json.RawMessage(`{"ctx": {"acct": "kept"}}`)), `{"ctx": {"acct": "kept"}}`},
		{"keys with escapes", idem.Chunk("", json.RawMessage(`{"\ud800\"é": "\ud800", "n": 1000000000000000000000000000000}`)),
			`{"\ud800\"\u00e9": "\ud800", "n": 1000000000000000000000000000000}`},
		{"a pre-event", idem.StatePre(pre, "n", json.RawMessage(`{"ctx": {"acct": "S", "test": false}, "acct_data": "S", "acct": "kept"}`)),
			`{"n": {"cloud.present": {"ctx": {"test": false}, "acct": "kept"}}}`},
		{"a pre-event of exec.run", idem.StatePre(idem.Caller{Ref: "exec.test.ping"}, "n", map[string]any{"acct_data": "S"}), `{"n": {"test.ping": {}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, send(t, c.event, "raw").body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What cannot be encoded is found by Put, wherever it is.
func TestEncodeErrors(t *testing.T) {
	h := newHub(t)
	for _, e := range []hub.Event{
		idem.Low([]any{make(chan int)}), idem.Chunk("r", json.RawMessage(`{"a": NaN}`)), idem.StatePre(idem.Caller{}, "n", "\xff"),
		idem.Exec(idem.Caller{AcctDetails: func() {}}, 1),
	} {
		if err := h.Put(t.Context(), e); !errors.Is(err, hub.ErrEncode) {
			t.Errorf("%s: %v", e.Profile, err)
		}
	}
}
