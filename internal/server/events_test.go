package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/server"
	"github.com/evhub/evhub/providers/providertest"
)

func TestOneEvent(t *testing.T) {
	r := serve(t, server.Options{})
	got := r.post(t, "/v1/events", asJSON, `{"profile": "q", "body": {"z": 1.0, "a": [1e5]}, "tags": {"y": 1, "x": "ü"},
		"run_name": "nightly", "key": "k", "id": "id-1", "time": "2026-01-31T12:00:00Z"}`)
	got.want(t, http.StatusOK)
	if got.body != "{\"ids\":[\"id-1\"]}\n" {
		t.Errorf("answered %s", got.body)
	}
	arrived(t, r.other, 1)
	m := r.other.Stored()[0]
	if want := `{"tags": {"y": 1, "x": "\u00fc"}, "message": {"z": 1.0, "a": [1e5]}, "run_name": "nightly"}`; string(m.Body) != want {
		t.Errorf("arrived as %s\nwant       %s", m.Body, want)
	}
	if m.ID != "id-1" || m.Profile != "q" || m.Key != "k" || !m.Time.Equal(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("arrived as %+v", m)
	}
}

func TestEventsKeepTheirOrderAndGetIDs(t *testing.T) {
	for media, body := range map[string]string{
		asJSON:  `[ {"profile": "q", "body": 1, "id": "a"}, {"profile": "q", "body": "],[{"} ,{"profile": "q", "body": [[]], "id": "c"}]`,
		asLines: "{\"profile\": \"q\", \"body\": 1, \"id\": \"a\"}\r\n\n{\"profile\": \"q\", \"body\": 2}\n  \n{\"profile\": \"q\", \"body\": 3, \"id\": \"c\"}",
		"Application/X-NDJSON; charset=\"UTF-8\"": "\ufeff{\"profile\": \"q\", \"body\": 1, \"id\": \"a\"}\n{\"profile\": \"q\", \"body\": 2}\n{\"profile\": \"q\", \"body\": 3, \"id\": \"c\"}\n",
	} {
		r := serve(t, server.Options{})
		got := r.post(t, "/v1/events", media, body)
		got.want(t, http.StatusOK)
		ids := strings.Fields(got.ids())
		if len(ids) != 3 || ids[0] != "a" || len(ids[1]) != 36 || ids[2] != "c" {
			t.Errorf("%s: ids %q", media, ids)
		}
		if arrived := arrived(t, r.other, 3); arrived != got.ids() {
			t.Errorf("%s: arrived: %s, answered: %s", media, arrived, got.ids())
		}
	}
}

func TestNoEvents(t *testing.T) {
	r := serve(t, server.Options{})
	for media, body := range map[string]string{asJSON: " [ ] ", asLines: "\n\n"} {
		if got := r.post(t, "/v1/events?wait=true", media, body); got.status != http.StatusOK || got.body != "{\"ids\":[]}\n" {
			t.Errorf("%s: %d %s", media, got.status, got.body)
		}
	}
}

func TestWhatIsRefusedIsNamedAndTheRestGoesOn(t *testing.T) {
	huge := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		media, body string
		status      int
		ids         string
		errors      []eventError
		says        string
	}{
		"array": {
			asJSON, `[{"body": 1, "id": "a"}, {"bodi": 2}, {"body": 3, "tags": 7, "id": "bad"}, {"body": 4, "id": "d"}]`,
			400, "a - - d", []eventError{{Index: 1, Status: 400, Error: "unknown key"}, {Index: 2, ID: "bad", Status: 400, Error: "tags, at $"}},
			"2 of 4 events were not accepted; the first: event 1: unknown key",
		},
		"lines": {
			asLines, "{\"body\": 1, \"id\": \"a\"}\n\nbad\n{\"body\": 4, \"id\": \"d\"}\n",
			400, "a - d", []eventError{{Index: 1, Line: 3, Status: 400, Error: "want a JSON object"}}, "line 3: want a JSON object",
		},
		"one line":      {asLines, "bad", 400, "-", []eventError{{Line: 1, Status: 400, Error: "want a JSON object"}}, "line 1: want"},
		"invalid UTF-8": {asJSON, "[{\"body\": \"\xff\"}]", 400, "-", []eventError{{Status: 400, Error: "not valid UTF-8"}}, "the event is not valid UTF-8"},
		"too large":     {asJSON, `[{"body": "` + huge + `"}, {"body": 1, "id": "b"}]`, 413, "- b", []eventError{{Status: 413, Error: "too large"}}, "event 0: evhub: event is too large"},
		"both":          {asJSON, `[{"body": "` + huge + `"}, {}]`, 400, "- -", []eventError{{Status: 413, Error: "too large"}, {Index: 1, Status: 400, Error: "no \"body\""}}, ""},
		"long line": {
			asLines, `{"body": "` + strings.Repeat("x", 4<<20) + "\"}\n{\"body\": 1, \"id\": \"b\"}", 413, "- b",
			[]eventError{{Line: 1, Status: 413, Error: "the event is longer than 4194304 bytes"}}, "line 1: the event is longer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, server.Options{})
			got := r.post(t, "/v1/events", c.media, c.body)
			got.want(t, c.status)
			if got.ids() != c.ids {
				t.Errorf("ids %q, want %q", got.ids(), c.ids)
			}
			same := cmp.Comparer(func(a, b eventError) bool {
				return a.Index == b.Index && a.Line == b.Line && a.ID == b.ID && a.Status == b.Status &&
					(strings.Contains(a.Error, b.Error) || strings.Contains(b.Error, a.Error))
			})
			if diff := cmp.Diff(c.errors, got.Errors, same); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(got.Error, c.says) {
				t.Errorf("says %q, want %q", got.Error, c.says)
			}
			accepted := int64(len(strings.Fields(strings.ReplaceAll(c.ids, "-", ""))))
			if counts := r.Counts(); counts != (server.Counts{Accepted: accepted, Refused: int64(len(c.errors))}) || r.hub.Stats().Accepted != accepted {
				t.Errorf("counts %+v, the hub has %d", counts, r.hub.Stats().Accepted)
			}
		})
	}
}

func TestOneBadEventIsExplainedAlone(t *testing.T) {
	r := serve(t, server.Options{}, hub.WithStrict())
	for body, want := range map[string]string{
		`{"body": 1} {}`:                       "behind the JSON object",
		``:                                     "want a JSON object",
		`null`:                                 "want a JSON object",
		`{"body": NaN}`:                        "body, at $",
		`{"body": ` + strings.Repeat("[", 1e6): "ends too early",
		`[` + strings.Repeat("[", 1e6):         "not JSON: ",
		`[{"body": 1}`:                         "not JSON: at byte 12",
		`[{"body": 1},]`:                       "not JSON: at byte 14",
		`[{"body": 1}{"body": 2}]`:             "not JSON: at byte 13",
		`[{"body": 1}] 2`:                      "not JSON: at byte 15",
		`{"body": 1, "profile": "nobody's"}`:   "no destination matches the profile",
		`{"body": 1, "id": "a b", "profile":"q"}`: "only printable ASCII",
	} {
		got := r.post(t, "/v1/events", asJSON, body)
		got.want(t, http.StatusBadRequest)
		if !strings.Contains(got.Error, want) || strings.HasPrefix(got.Error, "event 0") {
			t.Errorf("%.30s: says %q, want %q", body, got.Error, want)
		}
	}
	if n := r.hub.Stats().Accepted; n != 0 {
		t.Errorf("%d events were accepted", n)
	}
}

// TestAnErrorIsShort checks that what somebody sent does not come back at its full length.
func TestAnErrorIsShort(t *testing.T) {
	r := serve(t, server.Options{})
	for _, body := range []string{
		`{"` + strings.Repeat("ü", 1e6) + `": 1}`, `{"body": {"` + strings.Repeat("ü", 4e5) + `": tru}}`, `{"body": 1, "id": "` + strings.Repeat("ü", 4e5) + `"}`,
	} {
		got := r.post(t, "/v1/events", asJSON, body)
		got.want(t, http.StatusBadRequest)
		if len(got.body) > 5000 || !utf8.ValidString(got.Error) || strings.Contains(got.Error, "\ufffd") {
			t.Errorf("%d bytes: %.100s", len(got.body), got.body)
		}
	}
}

func TestReceipts(t *testing.T) {
	r := serve(t, server.Options{})
	r.broker.Once("dead", providertest.Refuse())
	for name, c := range map[string]struct {
		events string
		status int
		states string
	}{
		"delivered": {`[{"profile": "p", "body": 1, "id": "1"}, {"profile": "q", "body": 1, "id": "2"}]`, 200, "fake:p@b=delivered fake:q@o=delivered "},
		"unmatched": {`[{"profile": "x", "body": 1}]`, 200, ""},
		"dead":      {`[{"profile": "p", "body": 1, "id": "dead"}, {"profile": "q", "body": 1}]`, 502, "fake:p@b=dead fake:q@o=delivered "},
		"refused":   {`[{"profile": "p", "body": 1}, {}]`, 400, "fake:p@b=delivered "},
	} {
		got := r.post(t, "/v1/events?wait=true&timeout=20s", asJSON, c.events)
		got.want(t, c.status)
		if states := states(got); states != c.states {
			t.Errorf("%s: %q, want %q", name, states, c.states)
		}
	}
}

func states(r response) string {
	var text strings.Builder
	for _, receipt := range r.Receipts {
		for _, at := range receipt.Results {
			fmt.Fprintf(&text, "%s=%s ", at.Destination, at.State)
		}
	}
	return text.String()
}

func TestReceiptsThatAreLate(t *testing.T) {
	r := serve(t, server.Options{})
	defer r.broker.Stall()()
	events := `[{"profile": "q", "body": 1}, {"profile": "p", "body": 1, "id": "late"}]`
	got := r.post(t, "/v1/events?wait&timeout=50ms", asJSON, events)
	got.want(t, http.StatusGatewayTimeout)
	if len(got.IDs) != 2 || len(got.Receipts) != 2 || got.Receipts[1].ID != "late" || got.Receipts[1].Results[0].State != "pending" {
		t.Errorf("answered %s", got.body)
	}
	r.post(t, "/v1/events?wait=false", asJSON, `{"profile": "q", "body": 1}`).want(t, http.StatusOK)
}

func TestParameters(t *testing.T) {
	r := serve(t, server.Options{})
	for query, want := range map[string]string{
		"wiat=true":          "unknown parameter \"wiat\"; there are wait, timeout",
		"wait=maybe":         "wait must be true or false",
		"wait=1&timeout=5":   "timeout must be a duration up to 10m0s",
		"wait=1&timeout=-1s": "timeout must be",
		"wait=1&timeout=11m": "timeout must be",
		"timeout=1s":         "which come with wait=true",
		"wait=0&timeout=1s":  "which come with wait=true",
		"wait=%zz":           "the query cannot be read",
	} {
		r.post(t, "/v1/events?"+query, asJSON, `{"body": 1}`).want(t, http.StatusBadRequest)
		if got := r.post(t, "/v1/events?"+query, asJSON, `{"body": 1}`); !strings.Contains(got.Error, want) {
			t.Errorf("%s: %q", query, got.Error)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	r := serve(t, server.Options{})
	for _, c := range []struct {
		media, body, want string
		status            int
	}{
		{asJSON, `{"body": 1}`, `["key-1"]`, 200},
		{asJSON, `{"body": 1, "id": "key-1"}`, `["key-1"]`, 200},
		{asJSON, `{"body": 1, "id": "other"}`, "differ: give one of them", 400},
		{asJSON, `{}`, "no \\\"body\\\"", 400},
		{asJSON, `[{"body": 1}]`, "a request with a single event", 400},
		{asLines, `{"body": 1}`, "a request with a single event", 400},
	} {
		request := request(t, http.MethodPost, "http://localhost/v1/events", c.media, c.body)
		request.Header.Set("Idempotency-Key", "key-1")
		do(t, r.unix, request).want(t, c.status, c.want)
	}
}
