//go:build unix

package ingest_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub/runner"
	"github.com/evhub/evhub/internal/ingest"
)

// TestWhatIsNoFile checks that a directory or a pipe under the name of an event holds up neither its run nor others.
func TestWhatIsNoFile(t *testing.T) {
	a := newArtifacts(t)
	a.begin("a")
	a.begin("b")
	a.event("a", 3)
	a.event("b", 1)
	in := func(name string) string { return filepath.Join(a.dir, "a/job_events", name) }
	if err := os.Mkdir(in("1-directory.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(in("2-pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	tail := a.tail(ingest.TailOptions{})
	if diff := cmp.Diff([]string{body("a", 3), body("b", 1)}, bodies(all(t, tail))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := tail.Counts(); c != (ingest.Counts{Broken: 2}) {
		t.Errorf("%+v, want 2 broken", c)
	}
	if err := os.Remove(in("3-u-3.json")); err != nil {
		t.Fatal(err)
	}
	a.tail(ingest.TailOptions{Dir: filepath.Join(a.dir, "a"), Runner: runner.Options{Ident: "a"}}) // does not wait for a writer
}
