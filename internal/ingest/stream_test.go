package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
	"github.com/evhub/evhub/internal/ingest"
)

func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// drain reads all events.
func drain(t *testing.T, s *ingest.Stream) (all []hub.Event) {
	t.Helper()
	for {
		e, _, ok, err := s.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			all = append(all, e)
		}
	}
}

func bodies(events []hub.Event) (all []string) {
	for _, e := range events {
		all = append(all, string(e.Body.(json.RawMessage)))
	}
	return all
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestJSONMode(t *testing.T) {
	var want []string
	text, err := os.ReadFile("testdata/json-mode.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		want = append(want, strings.TrimSpace(line))
	}
	s := ingest.NewStream(open(t, "json-mode.txt"), runner.Options{}, quiet())
	if diff := cmp.Diff(want, bodies(drain(t, s))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := s.Counts(); c != (ingest.Counts{}) {
		t.Errorf("%+v, want nothing odd", c)
	}
}

// TestWorkerStream reads a stream of two runs: what follows a zip file on its line must not be lost.
func TestWorkerStream(t *testing.T) {
	s := ingest.NewStream(io.MultiReader(open(t, "worker-stream.txt"), open(t, "worker-stream.txt")), runner.Options{}, quiet())
	got := map[string]int{}
	for _, e := range drain(t, s) {
		got[e.Profile]++
	}
	if diff := cmp.Diff(map[string]int{runner.StatusProfile: 6, runner.EventProfile: 26}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := s.Counts(); c != (ingest.Counts{}) {
		t.Errorf("%+v, want nothing odd", c)
	}
}

// TestAZipFileOfAnotherLength checks that a wrong length costs no event.
func TestAZipFileOfAnotherLength(t *testing.T) {
	const after = `{"status": "running", "runner_ident": "r"}`
	for _, announced := range []int{0, -1, 1, 3, 1000, 1 << 40} {
		text := fmt.Sprintf("{\"zipfile\": %d}\nUEsD%s\n%s\n", announced, after, after)
		s := ingest.NewStream(strings.NewReader(text), runner.Options{}, quiet())
		want := 2
		if announced < 1 {
			want = 1 // the first line is text before the brace
		}
		if got := drain(t, s); len(got) != want {
			t.Errorf("announced %d: %d events, want %d", announced, len(got), want)
		}
	}
}

func TestAFloodOfBrokenLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r, w := io.Pipe()
		s := ingest.NewStream(r, runner.Options{}, slog.New(slog.NewTextHandler(&log, nil)))
		good := `{"uuid": "u%d", "event": "verbose", "runner_ident": "r"}` + "\n"
		go func() {
			defer w.Close()
			for i := range 2000 {
				fmt.Fprintf(w, good, i)
				fmt.Fprintf(w, "PLAY \x1b[31m[%d] %s\n\n", i, strings.Repeat("*", 100))
				fmt.Fprintf(w, `{"uuid": "u%d", "event": "verb`+"\n", i)
				io.WriteString(w, `{"changed": true}`+"\n")
				time.Sleep(10 * time.Millisecond) //nolint:forbidigo // the clock is not real
			}
		}()
		if got := drain(t, s); len(got) != 2000 {
			t.Errorf("%d events, want 2000", len(got))
		}
		if c := s.Counts(); c != (ingest.Counts{Other: 4000, Broken: 2000}) {
			t.Errorf("%+v", c)
		}
		lines := strings.Count(log.String(), "\n")
		if lines != 2*(5+1) || strings.Contains(log.String(), strings.Repeat("*", 80)) || strings.Contains(log.String(), "\x1b") {
			t.Errorf("%d lines of log, want 6 of each kind, shortened:\n%s", lines, log.String())
		}
		if !strings.Contains(log.String(), "untold=") {
			t.Errorf("the log does not say how many are not told:\n%s", log.String())
		}
	})
}

// A playbook's text comes first and in numbers. What is told of it must leave room for what is wrong.
func TestBrokenEventsAreToldBehindALotOfText(t *testing.T) {
	var log bytes.Buffer
	in := strings.Repeat("TASK [debug] ***\n", 100) + `{"uuid": "u1", "event": "verb` + "\n"
	s := ingest.NewStream(strings.NewReader(in), runner.Options{}, slog.New(slog.NewTextHandler(&log, nil)))
	drain(t, s)
	if got := log.String(); !strings.Contains(got, "cannot be read") || !strings.Contains(got, "line=101") {
		t.Errorf("the broken event is not told:\n%s", got)
	}
}

func TestALineThatIsTooLong(t *testing.T) {
	long := `{"uuid": "u1", "event": "verbose", "stdout": "` + strings.Repeat("x", ingest.MaxBytes) + `"}`
	good := `{"uuid": "u2", "event": "verbose", "stdout": "` + strings.Repeat("x", ingest.MaxBytes-100) + `"}`
	s := ingest.NewStream(strings.NewReader(long+"\n"+good+"\n"+long), runner.Options{}, quiet())
	if got := bodies(drain(t, s)); len(got) != 1 || got[0] != good {
		t.Errorf("%d events, want the second", len(got))
	}
	if c := s.Counts(); c.Broken != 2 {
		t.Errorf("%+v, want 2 broken", c)
	}
}

func TestIdentsOfBrokenStreams(t *testing.T) {
	const broken = `{"status": "error", "job_explanation": "x"}`
	text := broken + "\n" + `{"status": "running", "runner_ident": "a"}` + "\n" + `{"status": "running", "runner_ident": "b"}` + "\n" + broken
	for given, want := range map[string][]string{"": {"", "a", "b", "b"}, "given": {"given", "a", "b", "given"}} {
		var got []string
		for _, e := range drain(t, ingest.NewStream(strings.NewReader(text), runner.Options{Ident: given}, quiet())) {
			got = append(got, e.Key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("given %q (-want +got):\n%s", given, diff)
		}
	}
}

// TestReadyNeverPromisesTooMuch checks that Next does not wait when Ready was true, or events read before would wait too.
func TestReadyNeverPromisesTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := ingest.NewStream(r, runner.Options{}, quiet())
		go func() {
			defer w.Close()
			for _, part := range []string{
				"{\"status\": \"running\", \"runner_ident\": \"r\"}\ntext\n\n", "{\"zipfile\": 300}\nUEsD\n", strings.Repeat("A", 396), "{\"eof\": true}\n{\"sta", "tus\": \"failed\"}\n",
			} {
				io.WriteString(w, part)
				time.Sleep(time.Second) //nolint:forbidigo // the clock is not real
			}
		}()
		events := 0
		for {
			ready, before := s.Ready(), time.Now()
			_, _, ok, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if ready && time.Now() != before {
				t.Errorf("waited %v for a line that was said to be there", time.Since(before))
			}
			if ok {
				events++
			}
		}
		if events != 2 {
			t.Errorf("%d events, want 2", events)
		}
	})
}
