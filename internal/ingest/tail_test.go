package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
	"github.com/evhub/evhub/internal/ingest"
)

// artifacts is an artifact directory as Runner fills it.
type artifacts struct {
	t   *testing.T
	dir string
}

func newArtifacts(t *testing.T) artifacts { return artifacts{t, t.TempDir()} }

func body(ident string, counter int) string {
	return fmt.Sprintf(`{"uuid": "u-%d", "counter": %d, "event": "verbose", "runner_ident": %q}`, counter, counter, ident)
}

// begin makes the directory of a run.
func (a artifacts) begin(ident string) {
	a.t.Helper()
	if err := os.MkdirAll(filepath.Join(a.dir, ident, "job_events"), 0o700); err != nil {
		a.t.Fatal(err)
	}
}

// write writes a file as Runner does: under another name first.
func (a artifacts) write(name, text string) {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path+".tmp", []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		a.t.Fatal(err)
	}
}

func (a artifacts) event(ident string, counter int) {
	a.t.Helper()
	a.write(fmt.Sprintf("%s/job_events/%d-u-%d.json", ident, counter, counter), body(ident, counter))
}

func (a artifacts) tail(o ingest.TailOptions) *ingest.Tail {
	a.t.Helper()
	o.Log = quiet()
	if o.Dir == "" {
		o.Dir = a.dir
	}
	tail, err := ingest.NewTail(o)
	if err != nil {
		a.t.Fatal(err)
	}
	return tail
}

// nextOf reads until there is an event, or false at the end.
func nextOf(t *testing.T, tail *ingest.Tail) (hub.Event, bool) {
	t.Helper()
	return nextUntil(t, t.Context(), tail)
}

func nextUntil(t *testing.T, ctx context.Context, tail *ingest.Tail) (hub.Event, bool) {
	t.Helper()
	for {
		e, ok, err := tail.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return e, false
		case err != nil:
			t.Fatal(err)
		case ok:
			return e, true
		}
	}
}

func all(t *testing.T, tail *ingest.Tail) (events []hub.Event) {
	t.Helper()
	for {
		e, ok := nextOf(t, tail)
		if !ok {
			return events
		}
		events = append(events, e)
	}
}

func status(ident, status string) string {
	return fmt.Sprintf(`{"status": %q, "runner_ident": %q}`, status, ident)
}

func TestARunThatHasEnded(t *testing.T) {
	a := newArtifacts(t)
	a.begin("r")
	var want []string
	for _, counter := range []int{2, 11, 1, 10, 3} {
		a.event("r", counter)
	}
	for _, counter := range []int{1, 2, 3, 10, 11} {
		want = append(want, body("r", counter))
	}
	want = append(want, status("r", "failed"))
	for _, name := range []string{"12345678-95cc-4d43-99a1-12c99356c87c-partial.json", "4-u-4.json.tmp", "4.json", "x-u.json", "README"} {
		a.write("r/job_events/"+name, body("r", 4))
	}
	a.write("r/status", "fai") // Runner does not write it in one step
	if diff := cmp.Diff(want[:5], bodies(all(t, a.tail(ingest.TailOptions{})))); diff != "" {
		t.Errorf("before the status (-want +got):\n%s", diff)
	}
	a.write("r/status", "failed")
	for name, o := range map[string]ingest.TailOptions{
		"all runs": {}, "the run alone": {Dir: filepath.Join(a.dir, "r")}, "followed": {Runner: runner.Options{Ident: "r"}, Follow: true},
	} {
		if diff := cmp.Diff(want, bodies(all(t, a.tail(o)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestARunThatGoesOn(t *testing.T) {
	a := newArtifacts(t)
	tail := a.tail(ingest.TailOptions{Runner: runner.Options{Ident: "r"}, Follow: true})
	got := make(chan string)
	go func() {
		defer close(got)
		for _, b := range bodies(all(t, tail)) {
			got <- b
		}
	}()
	a.begin("r")
	var want []string
	for counter := range 500 {
		a.event("r", counter+1)
		want = append(want, body("r", counter+1))
	}
	a.write("r/status", "successful")
	want = append(want, status("r", "successful"))
	var all []string
	for b := range got {
		all = append(all, b)
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestManyRuns checks that runs are found while others are followed, and that an ident may come again.
func TestManyRuns(t *testing.T) {
	a := newArtifacts(t)
	tail := a.tail(ingest.TailOptions{Follow: true})
	want := func(text string) {
		t.Helper()
		if e, ok := nextOf(t, tail); !ok || bodies([]hub.Event{e})[0] != text {
			t.Fatalf("got %s, %v; want %s", e.Body, ok, text)
		}
	}
	a.begin("a")
	a.event("a", 1)
	want(body("a", 1))
	a.begin("b")
	a.event("b", 1)
	a.write("a/status", "canceled")
	want(status("a", "canceled"))
	want(body("b", 1))
	a.event("a", 2) // another run of the same ident: the status is not its own
	want(body("a", 2))
	for range 3 {
		if e, ok, err := tail.Next(t.Context()); ok || err != nil {
			t.Fatalf("%s, %v; want nothing yet", e.Body, err)
		}
	}
	a.event("a", 3)
	want(body("a", 3))
	later := time.Now().Add(time.Hour)
	a.write("a/status", "timeout")
	if err := os.Chtimes(filepath.Join(a.dir, "a/status"), later, later); err != nil {
		t.Fatal(err)
	}
	want(status("a", "timeout"))
	if err := os.RemoveAll(filepath.Join(a.dir, "a")); err != nil {
		t.Fatal(err)
	}
	a.event("b", 2)
	want(body("b", 2))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if e, ok := nextUntil(t, ended, tail); ok {
		t.Errorf("%s, want the end", e.Body)
	}
}

// ansible-runner process writes into the artifact directory itself unless it has an ident, beside the directories of
// other runs.
func TestARunBesideTheDirectoriesOfOthers(t *testing.T) {
	a := newArtifacts(t)
	a.begin("a")
	a.event("a", 1)
	a.begin(".")
	a.write("job_events/1-u-1.json", body("processed", 1))
	for ident, want := range map[string][]string{
		"": {body("processed", 1), body("a", 1)}, "a": {body("a", 1)}, "processed": {body("processed", 1)},
	} {
		tail := a.tail(ingest.TailOptions{Runner: runner.Options{Ident: ident}})
		if diff := cmp.Diff(want, bodies(all(t, tail))); diff != "" {
			t.Errorf("run %q (-want +got):\n%s", ident, diff)
		}
	}
	if _, err := ingest.NewTail(ingest.TailOptions{Dir: a.dir, Runner: runner.Options{Ident: "none"}}); err == nil {
		t.Error("a run that is not there is found")
	}

	tail := a.tail(ingest.TailOptions{Runner: runner.Options{Ident: "yet-to-come"}, Follow: true})
	a.begin("yet-to-come")
	a.event("yet-to-come", 1)
	if e, ok := nextOf(t, tail); !ok || bodies([]hub.Event{e})[0] != body("yet-to-come", 1) {
		t.Errorf("%s, %v; want the run that was asked for", e.Body, ok)
	}
}

// TestADirectoryThatGrowsWhileItIsRead checks that a file that a reading has missed keeps its place.
func TestADirectoryThatGrowsWhileItIsRead(t *testing.T) {
	a := newArtifacts(t)
	a.begin("r")
	for counter := range 4 {
		a.event("r", counter+1)
	}
	tail := a.tail(ingest.TailOptions{Runner: runner.Options{Ident: "r"}})
	readings := [][]string{
		{"1-u-1.json", "3-u-3.json"}, // 2 was made before 3, but behind the place where the reading was
		{"2-u-2.json", "1-u-1.json", "4-u-4.json"},
		{"4-u-4.json", "3-u-3.json"},
		{"4-u-4.json", "3-u-3.json"},
		{},
	}
	tail.SetList(func(string) (names []string, err error) {
		names, readings = readings[0], readings[1:]
		return names, nil
	})
	want := []string{body("r", 1), body("r", 2), body("r", 3), body("r", 4)}
	if diff := cmp.Diff(want, bodies(all(t, tail))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAFileThatIsBeingWritten(t *testing.T) {
	a := newArtifacts(t)
	a.begin("r")
	a.event("r", 1)
	a.write("r/job_events/2-u-2.json", body("r", 2)[:20])
	a.event("r", 3)
	a.write("r/status", "successful")
	tail := a.tail(ingest.TailOptions{})
	var got []string
	for len(got) == 0 {
		e, ok, err := tail.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			got = append(got, bodies([]hub.Event{e})...)
		}
	}
	for range 5 {
		if e, ok, err := tail.Next(t.Context()); ok || err != nil {
			t.Fatalf("%s, %v; want to wait for the second event", e.Body, err)
		}
	}
	a.event("r", 2)
	got = append(got, bodies(all(t, tail))...)
	if diff := cmp.Diff([]string{body("r", 1), body("r", 2), body("r", 3), status("r", "successful")}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := tail.Counts(); c.Broken != 0 {
		t.Errorf("%+v", c)
	}
}

func TestBrokenFiles(t *testing.T) {
	a := newArtifacts(t)
	a.begin("r")
	a.event("r", 1)
	old := time.Now().Add(-time.Minute)
	for i, text := range []string{body("r", 2)[:20], "", `{"changed": true}`, body("r", 5) + strings.Repeat(" ", ingest.MaxBytes)} {
		name := fmt.Sprintf("r/job_events/%d-u-%d.json", i+2, i+2)
		a.write(name, text)
		if err := os.Chtimes(filepath.Join(a.dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	a.event("r", 6)
	tail := a.tail(ingest.TailOptions{})
	if diff := cmp.Diff([]string{body("r", 1), body("r", 6)}, bodies(all(t, tail))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := tail.Counts(); c != (ingest.Counts{Broken: 4}) {
		t.Errorf("%+v, want 4 broken", c)
	}
}

func TestKnownEventsAreNotRead(t *testing.T) {
	a := newArtifacts(t)
	a.begin("r")
	a.write("r/job_events/1-u-1.json", "not read")
	a.event("r", 2)
	known, err := runner.Parse([]byte(body("r", 1)))
	if err != nil {
		t.Fatal(err)
	}
	tail := a.tail(ingest.TailOptions{Known: func(ident, id string) (bool, error) { return ident == "r" && id == known.ID, nil }})
	if diff := cmp.Diff([]string{body("r", 2)}, bodies(all(t, tail))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNoArtifactDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []ingest.TailOptions{
		{Dir: filepath.Join(t.TempDir(), "none")}, {Dir: file}, {Dir: t.TempDir(), Runner: runner.Options{Ident: "none"}},
	} {
		if _, err := ingest.NewTail(o); err == nil || !strings.Contains(err.Error(), filepath.Base(o.Dir)) {
			t.Errorf("%+v: %v, want an error that names it", o, err)
		}
	}
}
