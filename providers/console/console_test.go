package console_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/console"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// entry stands in for an entry of the acct file.
type entry func(*console.Config)

func (e entry) Decode(into any) error {
	e(into.(*console.Config))
	return nil
}

func open(t *testing.T, p providers.Provider, set func(*console.Config)) (providers.Dial, error) {
	t.Helper()
	conns, err := p.Configure(entry(set))
	if err != nil {
		t.Fatal(err)
	}
	return conns[0].Open(providers.Env{})
}

// printed returns what a message looks like in a style.
func printed(t *testing.T, style string, m providers.Message) string {
	t.Helper()
	var out bytes.Buffer
	dial, err := open(t, console.ProviderTo(&out), func(c *console.Config) { c.Style = style })
	if err != nil {
		t.Fatal(err)
	}
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), []providers.Message{m}).Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return out.String()
}

func TestJSON(t *testing.T) {
	for body, want := range map[string]string{
		`{"tags": {}, "message": "h\u00e9llo", "n": 1e5}`: `{"tags": {}, "message": "h\u00e9llo", "n": 1e5}`,
		"{\r\n\t\"a\":\n1}":         `{   "a": 1}`,
		"plain text\n":              `"plain text\n"`,
		"":                          `""`,
		"\"\u202egrüße\u009b\x7f\"": `"\u202egrüße\u009b\u007f"`,
		"\"\U000e0001\"":            `"\udb40\udc01"`,
		"\x1b[2J":                   `"\u001b[2J"`,
		"\"\xff\"":                  `"\u00ff"`,
	} {
		if got := printed(t, console.JSON, providers.Message{Body: []byte(body)}); got != want+"\n" {
			t.Errorf("%q is printed as\n%q; want\n%q", body, got, want+"\n")
		}
	}
}

func TestPretty(t *testing.T) {
	m := providers.Message{
		Profile: "idem-status",
		Time:    time.Date(2024, 3, 19, 12, 0, 0, 123456789, time.UTC),
		Body:    []byte(`{"tags": {"ref": "x"}, "message": "FINISHED", "run_name": "cli"}`),
	}
	want := `2024-03-19 12:00:00.123 idem-status
  {
    "tags": {
      "ref": "x"
    },
    "message": "FINISHED",
    "run_name": "cli"
  }
`
	if diff := cmp.Diff(want, printed(t, console.Pretty, m)); diff != "" {
		t.Error(diff)
	}
	m.Body = []byte("two\nlines\x1b[31m\r")
	want = "2024-03-19 12:00:00.123 idem-status\n  two\n  lines\\u001b[31m\\u000d\n"
	if diff := cmp.Diff(want, printed(t, console.Pretty, m)); diff != "" {
		t.Error(diff)
	}
}

// TestNothingReachesTheTerminal puts every control sequence introducer into profile and body.
func TestNothingReachesTheTerminal(t *testing.T) {
	evil := "\x1b]0;title\x07\x1b[2J\u009b31m\r\n\x00\b\x7f\u202e\u2028\xff\xc2"
	for _, style := range []string{console.JSON, console.Pretty} {
		for _, body := range []string{evil, `{"a":"` + strings.NewReplacer("\x00", "", "\b", "", "\x1b", "", "\x07", "", "\r", "", "\n", "").Replace(evil) + `"}`} {
			got := printed(t, style, providers.Message{Profile: evil, Body: []byte(body)})
			if i := strings.IndexFunc(got, func(r rune) bool {
				return r != '\n' && (r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u202e' || r == '\u2028' || r == '\ufffd')
			}); i >= 0 {
				t.Errorf("%s: %q has %q", style, got, got[i:])
			}
		}
		head, _, _ := strings.Cut(printed(t, console.Pretty, providers.Message{Profile: "a\nb"}), "\n")
		if !strings.HasSuffix(head, `a\u000ab`) {
			t.Errorf("a profile with a newline makes two lines: %q", head)
		}
	}
}

type brokenPipe struct{ room int }

var errPipe = errors.New("broken pipe")

func (b brokenPipe) Write(p []byte) (int, error) { return min(b.room, len(p)), errPipe }

func TestWriteFails(t *testing.T) {
	dial, err := open(t, console.ProviderTo(brokenPipe{room: 5}), func(*console.Config) {})
	if err != nil {
		t.Fatal(err)
	}
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	ms := []providers.Message{{Body: []byte("1")}, {Body: []byte("22222")}, {Body: []byte("3")}}
	var batch *providers.BatchError
	if err := s.Send(t.Context(), ms).Wait(t.Context()); !errors.As(err, &batch) {
		t.Fatal(err)
	}
	if e := batch.Errs; e[0] != nil || !errors.Is(e[1], errPipe) || providers.IsUnsent(e[1]) || !providers.IsUnsent(e[2]) {
		t.Errorf("outcomes %v", e)
	}
}

func TestRefusesConfigurations(t *testing.T) {
	for key, set := range map[string]func(*console.Config){
		"stream": func(c *console.Config) { c.Stream = "stdin" },
		"style":  func(c *console.Config) { c.Style = "yaml" },
	} {
		_, err := open(t, console.Provider(), set)
		var wrong *providers.ConfigError
		if !errors.As(err, &wrong) || wrong.Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// overlapping reports writes that overlap.
type overlapping struct {
	mu  sync.Mutex
	bad bool
	buf bytes.Buffer
}

func (o *overlapping) Write(p []byte) (int, error) {
	if !o.mu.TryLock() {
		o.bad = true
		return len(p), nil
	}
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func TestDestinationsShareTheStream(t *testing.T) {
	out := &overlapping{}
	provider := console.ProviderTo(out)
	var writers sync.WaitGroup
	for _, stream := range []string{console.Stdout, console.Stderr} {
		dial, err := open(t, provider, func(c *console.Config) { c.Stream = stream })
		if err != nil {
			t.Fatal(err)
		}
		s, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(t.Context())
		writers.Go(func() {
			for range 200 {
				if err := s.Send(t.Context(), []providers.Message{{Body: []byte("1")}}).Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if out.bad || out.buf.Len() != 2*200*2 {
		t.Errorf("overlapping writes: %v; %d bytes", out.bad, out.buf.Len())
	}
}
