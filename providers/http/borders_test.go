package http_test

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
)

// forgetful takes batches and breaks the connection in place of an answer as often as it is told to.
type forgetful struct {
	mu     sync.Mutex
	breaks int
	bodies []string
	keys   []string
}

func (f *forgetful) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bodies, f.keys = append(f.bodies, string(body)), append(f.keys, r.Header.Get("Idempotency-Key"))
	if f.breaks > 0 {
		f.breaks--
		panic(http.ErrAbortHandler)
	}
}

// TestBatchOfUnknownFateIsRepeatedAsItWas: under another key the receiver would not know it again.
func TestBatchOfUnknownFateIsRepeatedAsItWas(t *testing.T) {
	far := &forgetful{breaks: 2}
	dial := open(t, environment(providers.OrderKey), batched(serve(t, far.ServeHTTP).URL, "array"))
	send := func(letters string) []string {
		s, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer closeSession(t, s)
		return classes(deliver(t, s, lettered(letters)...))
	}
	const ok, unknown, unsent = "delivered", "unknown", "unsent"
	for _, step := range []struct {
		letters string
		want    []string
	}{
		{"abc", []string{unknown, unknown, unknown}},
		{"abcde", []string{unknown, unknown, unknown, unsent, unsent}},
		{"abcdef", []string{ok, ok, ok, ok, ok, ok}},
		{"abcd", []string{ok, ok, ok, ok}}, // what is settled is forgotten
	} {
		if diff := cmp.Diff(step.want, send(step.letters)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.letters, diff)
		}
	}
	const first = `["a","b","c"]`
	want := []string{first, first, first, `["d","e","f"]`, `["a","b","c","d"]`}
	if diff := cmp.Diff(want, far.bodies); diff != "" {
		t.Fatalf("requests (-want +got):\n%s", diff)
	}
	if far.keys[0] != far.keys[1] || far.keys[0] != far.keys[2] || far.keys[0] == far.keys[3] {
		t.Errorf("keys %q", far.keys)
	}
}

// TestOtherFlightThanTheBatchBefore: the engine makes batches smaller that took too long, and a drop policy takes events away.
func TestOtherFlightThanTheBatchBefore(t *testing.T) {
	for name, tc := range map[string]struct{ flights, want []string }{
		"smaller":     {[]string{"abcd", "ab", "abcd"}, []string{`["a","b","c","d"]`, `["a","b"]`, `["a","b","c","d"]`}},
		"others":      {[]string{"abc", "adefg"}, []string{`["a","b","c"]`, `["a","d","e","f","g"]`}},
		"later ones":  {[]string{"bcd", "abcde"}, []string{`["b","c","d"]`, `["a"]`, `["b","c","d"]`, `["e"]`}},
		"of one only": {[]string{"a", "ab"}, []string{`["a"]`, `["a"]`, `["b"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			far := &forgetful{breaks: 1}
			dial := open(t, environment(providers.OrderKey), batched(serve(t, far.ServeHTTP).URL, "array"))
			for _, letters := range tc.flights {
				s, err := dial(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				deliver(t, s, identified(letters)...)
				closeSession(t, s)
			}
			if diff := cmp.Diff(tc.want, far.bodies); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// identified is lettered with the letters as IDs.
func identified(letters string) []providers.Message {
	ms := lettered(letters)
	for i := range ms {
		ms[i].ID = letters[i : i+1]
	}
	return ms
}
