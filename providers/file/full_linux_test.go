package file_test

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/file"
)

// limitFileSize makes every write of this process behind the first size bytes of a file come up short, as on a full
// disk, until restore is called.
func limitFileSize(t *testing.T, size uint64) (restore func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAFullDiskLeavesNoTornLine runs its checks in a process of their own: the limit is on the whole process, and this
// one has files of the test tool to write.
func TestAFullDiskLeavesNoTornLine(t *testing.T) {
	const child = "EVHUB_TEST_FULL_DISK"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for _, fsync := range []file.Fsync{file.Always, file.Never} {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		s := dial(t, path, func(c *file.Config) { c.Fsync = fsync })
		delivered(t, s, "1")
		restore := limitFileSize(t, 10)
		outcomes := errs(t, send(t, s, "22", "33", "44444", "55"))
		restore()
		if outcomes[0] != nil || outcomes[1] != nil || !providers.IsUnsent(outcomes[2]) || !providers.IsUnsent(outcomes[3]) {
			t.Errorf("fsync %v: outcomes %v", fsync, outcomes)
		}
		wantFile(t, path, "1\n22\n33\n")
		if err := send(t, s, "44444"); !providers.IsUnsent(err) {
			t.Errorf("fsync %v: the session goes on after a failure: %v", fsync, err)
		}
		s.Close(t.Context())
		delivered(t, dial(t, path, nil), "44444", "55")
		wantFile(t, path, "1\n22\n33\n44444\n55\n")
	}
}

// TestRefusesAPipe also shows that Dial does not wait for a reader.
func TestRefusesAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	d, _ := open(t, path, nil)
	if s, err := d(t.Context()); err == nil {
		s.Close(t.Context())
		t.Error("a pipe is accepted")
	}
}
