//go:build linux

package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRefusals gives the command a folder that it must not use (S02, T24): it says what is wrong, changes nothing and
// accepts nothing.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string)
		says    []string // any of them
	}{
		"symlink": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir+".real", 0o700))
			must(t, os.Symlink(dir+".real", dir))
		}, []string{"symlink", "symbolic link"}},
		"a file": {func(t *testing.T, dir string) { must(t, os.WriteFile(dir, nil, 0o600)) }, []string{"directory"}},
		"world-writable": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.Chmod(dir, 0o777)) //nolint:gosec // that is the fault
		}, []string{"writable", "chmod"}},
		"group-writable": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.Chmod(dir, 0o770)) //nolint:gosec // that is the fault
		}, []string{"writable", "chmod"}},
		"of somebody else": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			if err := os.Chown(dir, 12345, 12345); err != nil {
				t.Skipf("only root can give a folder away: %v", err)
			}
		}, []string{"owned", "owner", "belongs"}},
		"with other files": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
			must(t, os.WriteFile(filepath.Join(dir, "JOURNAL"), []byte("this is the diary of a captain, and no journal of events"), 0o600))
		}, []string{"journal"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, random(1, 1), map[string]mood{"steady": steady})
			c.prepare(t, w.dir)
			before := fmt.Sprint(w.entries())
			l := w.live("put", "--ack")
			l.feedOnly(3, 0)
			l.mustEnd(20*time.Second, 1, 2)
			said := strings.ToLower(l.said.String())
			found := false
			for _, want := range c.says {
				found = found || strings.Contains(said, want)
			}
			if !found || !strings.Contains(said, filepath.Base(w.dir)) {
				t.Errorf("it says %q, and not where and one of %q", said, c.says)
			}
			if l.acked.Load() > 0 {
				t.Errorf("it accepted %d events", l.acked.Load())
			}
			if after := fmt.Sprint(w.entries()); after != before {
				t.Errorf("the folder held %s, now %s", before, after)
			}
		})
	}
}

// entries are what is in the journal's folder, if there is one.
func (w *world) entries() (names []string) {
	entries, _ := os.ReadDir(w.dir) // none, if it is no folder
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestModes has the strangest umask: nobody else may read what is in a journal (S02).
func TestModes(t *testing.T) {
	w := newWorld(t, random(1, 1), map[string]mood{"steady": steady, "picky": picky})
	w.via = []string{"sh", "-c", `umask 000 && exec "$0" "$@"`}
	l := w.live("put", "--ack")
	l.feedOnly(200, 0)
	l.mustEnd(30*time.Second, 0, 4)
	must(t, filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		return err
	}))
}

// TestTwoProcesses has a second command want the same journal (T23): it names the process that has it. That this was killed is
// no problem for the next one.
func TestTwoProcesses(t *testing.T) {
	w := newWorld(t, random(1, 1), map[string]mood{"steady": steady})
	first := w.live("put", "--ack")
	first.feed(random(1, 2), pace{chunk: 10, gap: 5 * time.Millisecond})
	if !eventually(20*time.Second, func() bool { return w.acked.Load() > 50 }) {
		t.Fatalf("nothing was accepted; it said:\n%s", first.said)
	}
	for _, args := range [][]string{{"put", "--ack"}, {"drain"}} {
		second := w.live(args...)
		second.endOfInput()
		second.mustEnd(20*time.Second, 1, 2)
		if pid := fmt.Sprint(first.cmd.Process.Pid); !second.said.has(pid) {
			t.Errorf("%v does not name the process %s:\n%s", args, pid, second.said)
		}
	}
	first.signal(syscall.SIGSTOP) // also while it does nothing
	second := w.live("drain")
	second.endOfInput()
	second.mustEnd(20*time.Second, 1, 2)
	first.kill()
	w.finish(allowed{duplicates: batch * window})
}
