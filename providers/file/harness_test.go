package file_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/file"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// entry stands in for an entry of the acct file.
type entry func(*file.Config)

func (e entry) Decode(into any) error {
	e(into.(*file.Config))
	return nil
}

// open returns the Dial and the Caps of a destination at path.
func open(t *testing.T, path string, set func(*file.Config)) (providers.Dial, providers.Caps) {
	t.Helper()
	conns, err := file.Provider().Configure(entry(func(c *file.Config) {
		c.Path = path
		if set != nil {
			set(c)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	dial, err := conns[0].Open(providers.Env{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return dial, conns[0].Caps
}

func dial(t *testing.T, path string, set func(*file.Config)) providers.Session {
	t.Helper()
	d, _ := open(t, path, set)
	s, err := d(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(t.Context()) })
	return s
}

func send(t *testing.T, s providers.Session, bodies ...string) error {
	t.Helper()
	var ms []providers.Message
	for _, b := range bodies {
		ms = append(ms, providers.Message{Body: []byte(b)})
	}
	return s.Send(t.Context(), ms).Wait(t.Context())
}

// delivered sends bodies and expects success.
func delivered(t *testing.T, s providers.Session, bodies ...string) {
	t.Helper()
	if err := send(t, s, bodies...); err != nil {
		t.Fatal(err)
	}
}

// errs returns one outcome for each message of the flight.
func errs(t *testing.T, err error) []error {
	t.Helper()
	var batch *providers.BatchError
	if !errors.As(err, &batch) {
		t.Fatalf("got %v; want a BatchError", err)
	}
	return batch.Errs
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", filepath.Base(path), got, err, want)
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, whole := strings.CutSuffix(string(data), "\n")
	if !whole {
		t.Errorf("%s does not end with a newline", path)
	}
	return strings.Split(text, "\n")
}
