package ingest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/ingest"
)

// TestARunOfAnotherUser checks that a run whose directory may not be read does not pass for none.
func TestARunOfAnotherUser(t *testing.T) {
	a := newArtifacts(t)
	a.begin("closed")
	a.event("closed", 1)
	a.begin("open")
	a.event("open", 1)
	if err := os.Chmod(filepath.Join(a.dir, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, a)
	tail := a.tail(ingest.TailOptions{})
	if diff := cmp.Diff([]string{body("open", 1)}, bodies(all(t, tail))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c := tail.Counts(); c != (ingest.Counts{Broken: 1}) {
		t.Errorf("%+v, want 1 broken", c)
	}
}

// asNobody lets the test see files as somebody for whom modes count: for root they do not.
func asNobody(t *testing.T, a artifacts) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	err := os.Chmod(filepath.Dir(a.dir), 0o755)
	for _, path := range []string{"", "closed", "open", "open/job_events", "open/job_events/1-u-1.json"} {
		if err == nil {
			err = os.Lchown(filepath.Join(a.dir, path), nobody, nobody)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	t.Cleanup(func() {
		_ = syscall.Setfsuid(0) // never fails for root
		_ = os.Chmod(filepath.Join(a.dir, "closed"), 0o700)
		runtime.UnlockOSThread()
	})
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
}
