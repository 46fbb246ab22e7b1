package integration

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/memory"
)

// hexBytes are written in hexadecimal.
type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// httpMessage is a request as it came.
type httpMessage struct {
	Headers map[string]string `json:"headers"`
	Body    hexBytes          `json:"body"`
}

// inFormats is an event as it is sent in several formats.
type inFormats struct {
	ID         string       `json:"id"`
	Profile    string       `json:"profile"`
	Idem       hexBytes     `json:"idem"`
	Msgpack    hexBytes     `json:"msgpack,omitempty"`
	Structured *httpMessage `json:"structured"`
	Binary     *httpMessage `json:"binary"`
}

// formatServer keeps what is posted to it by path and id.
type formatServer struct {
	*httptest.Server
	mu       sync.Mutex
	messages map[string]*httpMessage
}

func newFormatServer(t *testing.T) *formatServer {
	s := &formatServer{messages: map[string]*httpMessage{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		m := &httpMessage{Headers: map[string]string{}}
		for name := range r.Header {
			m.Headers[strings.ToLower(name)] = r.Header.Get(name)
		}
		m.Body, _ = io.ReadAll(r.Body) // a body that is cut off is found different
		s.mu.Lock()
		defer s.mu.Unlock()
		s.messages[r.URL.Path+" "+r.Header.Get("Idempotency-Key")] = m
	}))
	t.Cleanup(s.Close)
	return s
}

// eventsOfIdem are those of a recorded run, and one for each value that Idem's serializers were given, as far as that is
// JSON.
func eventsOfIdem(t *testing.T) (events []hub.Event) {
	t.Helper()
	for _, e := range fixtureLines[struct{ Profile, Body string }](t, "run.jsonl") {
		if json.Valid([]byte(e.Body)) { // and not with NaN
			events = append(events, unwrapped(t, e.Profile, e.Body))
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "internal", "idemjson", "testdata", "serialization.json"))
	if err != nil {
		t.Fatal(err)
	}
	var values []struct{ JSON string }
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if json.Valid([]byte(v.JSON)) {
			events = append(events, hub.Event{Profile: "values", Body: json.RawMessage(v.JSON), Tags: json.RawMessage(`{"v": ` + v.JSON + `}`)})
		}
	}
	for i := range events {
		events[i].ID = fmt.Sprint("event-", i)
	}
	return events
}

// Idem's own serializers make the same bytes of what evhub sends, and a CloudEvents library reads its events in both modes.
func TestFormatsAreReadByOthers(t *testing.T) {
	python := needIdem(t)
	ctx := within(t, 2*time.Minute)
	server, queues := newFormatServer(t), memory.New()
	h := openHub(t, fmt.Sprintf(`
internal:
  - "*": {routing_key: idem}
  - "*": {routing_key: msgpack, format: msgpack}
http:
  - "*": {url: %q, format: cloudevents}
  - "*": {url: %q, format: raw}
`, server.URL+"/structured", server.URL+"/binary"), hub.WithProviders(queues.Provider()))
	events := eventsOfIdem(t)
	if len(events) < 100 {
		t.Fatalf("void: %d events", len(events))
	}
	if _, err := h.PutAll(ctx, events); err != nil {
		t.Fatal(err)
	}
	flush(t, ctx, h)

	packed := map[string]hexBytes{}
	for _, m := range queues.Queue("msgpack").Snapshot() {
		packed[m.ID] = m.Body
	}
	if lone := len(deadLetters(t, h)); lone != 1 || len(packed) != len(events)-lone {
		t.Errorf("%d of %d events in msgpack, %d dead letters; want one, with a lone surrogate", len(packed), len(events), lone)
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, m := range queues.Queue("idem").Snapshot() {
		e := inFormats{
			ID: m.ID, Profile: m.Profile, Idem: m.Body, Msgpack: packed[m.ID],
			Structured: server.messages["/structured "+m.ID], Binary: server.messages["/binary "+m.ID],
		}
		if err := encoder.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	cmd := python.Command(ctx, "python", script(t, "check-formats.py"))
	cmd.Dir, cmd.Stdin, cmd.Stderr = t.TempDir(), &lines, t.Output()
	out, err := cmd.Output()
	if want := fmt.Sprintln(len(events)); err != nil || string(out) != want {
		t.Errorf("%v; of %sevents:\n%s", err, want, out)
	}
}
