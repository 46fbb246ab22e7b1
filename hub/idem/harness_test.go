package idem_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
	"github.com/evhub/evhub/providers/memory"
)

// sent is what came of an event at a destination.
type sent struct{ profile, body string }

// send puts an event into a hub of run "nightly" and returns what a destination with that format gets.
func send(t *testing.T, e hub.Event, format string) sent {
	t.Helper()
	file, err := acct.Parse("acct.yaml", []byte(`internal: {"*": {routing_key: q, format: `+format+`}}`))
	if err != nil {
		t.Fatal(err)
	}
	queues := memory.New()
	h, err := hub.Open(t.Context(), file, hub.WithProviders(queues.Provider()), hub.WithRunName("nightly"))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Put(t.Context(), e); err != nil {
		t.Errorf("Put: %v", err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range queues.Queue("q").Snapshot() {
		return sent{m.Profile, string(m.Body)}
	}
	return sent{}
}

func fixture(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parts are those of a body of Idem.
type parts struct {
	Tags struct {
		Ref         string
		Type        string
		AcctDetails json.RawMessage `json:"acct_details"`
	}
	Message json.RawMessage
	RunName string `json:"run_name"`
}

func partsOf(t *testing.T, body string) parts {
	t.Helper()
	var p parts
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return p
}

func (p parts) caller() idem.Caller {
	return idem.Caller{Ref: p.Tags.Ref, AcctDetails: p.Tags.AcctDetails}
}

// construct calls the function for events of that profile with parts of an event that Idem has sent.
func construct(t *testing.T, profile string, p parts, opts ...idem.Option) hub.Event {
	t.Helper()
	switch profile + " " + p.Tags.Type {
	case "idem-status state-status":
		var name string
		if err := json.Unmarshal(p.Message, &name); err != nil {
			t.Fatal(err)
		}
		status, err := idem.ParseStatus(name)
		if err != nil {
			t.Error(err)
		}
		return idem.Status(status)
	case "idem-low state-low-data":
		return idem.Low(p.Message, opts...)
	case "idem-high state-high-data":
		return idem.High(p.Message)
	case "idem-state state-pre":
		var message map[string]map[string]json.RawMessage
		if err := json.Unmarshal(p.Message, &message); err != nil {
			t.Fatal(err)
		}
		for name, functions := range message {
			for _, kwargs := range functions {
				return idem.StatePre(p.caller(), name, kwargs)
			}
		}
	case "idem-state state-post":
		return idem.StatePost(p.caller(), p.Message)
	case "idem-chunk state-chunk":
		return idem.Chunk(p.Tags.Ref, p.Message, opts...)
	case "idem-run state-result":
		return idem.Run(p.caller(), p.Message, opts...)
	case "idem-exec exec-post":
		return idem.Exec(p.caller(), p.Message)
	case "idem-esm esm-metadata":
		return idem.ESM(p.Message)
	}
	t.Fatalf("no function for %s %s", profile, p.Tags.Type)
	return hub.Event{}
}

// withoutKey is JSON text without `"key": {...}, ` of an object with no other object in it.
func withoutKey(t *testing.T, text, key, value string) string {
	t.Helper()
	out := strings.ReplaceAll(text, `"`+key+`": `+value+`, `, "")
	if out == text {
		t.Fatalf("no %s in %s", key, text)
	}
	return out
}

// newHub returns a hub without destinations.
func newHub(t *testing.T) *hub.Hub {
	t.Helper()
	file, err := acct.Parse("acct.yaml", []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return h
}
