package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/file"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	for _, other := range []string{"log.x", "log.07", "log.0", "other.9"} { // not ours
		if err := os.WriteFile(filepath.Join(dir, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := dial(t, path, func(c *file.Config) { c.MaxSize, c.Keep = 8, 2 })
	for _, body := range []string{"111", "222", "333", "444", "555", "666", "a line above max_size", "777"} {
		delivered(t, s, body)
	}
	want := []string{"log", "log.0", "log.07", "log.3", "log.4", "log.x", "other.9"}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Fatal(diff)
	}
	wantFile(t, path+".3", "555\n666\n")
	wantFile(t, path+".4", "a line above max_size\n")
	wantFile(t, path, "777\n")
}

func TestRotationGoesOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	for _, body := range []string{"111", "222", "333"} {
		s := dial(t, path, func(c *file.Config) { c.MaxSize = 4 })
		delivered(t, s, body)
		s.Close(t.Context())
	}
	wantFile(t, path+".1", "111\n")
	wantFile(t, path+".2", "222\n")
	wantFile(t, path, "333\n")
}

func TestADirectoryThatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inner", "log")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	s := dial(t, path, func(c *file.Config) { c.MaxSize = 4 })
	delivered(t, s, "111")
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := send(t, s, "222"); !providers.IsUnsent(errs(t, err)[0]) {
		t.Errorf("got %v; want unsent", err)
	}
	if err := send(t, s, "333"); !providers.IsUnsent(err) {
		t.Errorf("the session goes on after a failure: %v", err)
	}
}
