package disk_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/google/go-cmp/cmp"
)

func newOS(t *testing.T) *disk.OS {
	t.Helper()
	o, err := disk.NewOS(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func create(t *testing.T, o disk.FS, name, content string) disk.File {
	t.Helper()
	f, err := o.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteAt([]byte(content), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	return f
}

func content(t *testing.T, f disk.File) []byte {
	t.Helper()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && size > 0 {
		t.Fatal(err)
	}
	return b
}

func TestFilesAndDirectories(t *testing.T) {
	o := newOS(t)
	if err := o.MkdirAll("dead/7"); err != nil {
		t.Fatal(err)
	}
	if err := o.MkdirAll("dead/7"); err != nil {
		t.Errorf("MkdirAll of what is there: %v", err)
	}
	create(t, o, "dead/7/b", "bb")
	create(t, o, "dead/7/a", "a")
	if _, err := o.Create("dead/7/a"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create of what is there: %v, want fs.ErrExist", err)
	}
	if err := o.Rename("dead/7/b", "dead/7/c"); err != nil {
		t.Fatal(err)
	}
	if err := o.SyncDir("dead/7"); err != nil {
		t.Fatal(err)
	}
	got, err := o.List("dead/7")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]disk.Info{{Name: "a", Size: 1}, {Name: "c", Size: 2}}, got); diff != "" {
		t.Error(diff)
	}
	f, err := o.OpenRead("dead/7/c")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := o.Remove("dead/7/c"); err != nil {
		t.Fatal(err)
	}
	if got := content(t, f); string(got) != "bb" {
		t.Errorf("a removed file that is open holds %q", got)
	}
	if _, err := o.OpenRead("dead/7/c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenRead of a removed file: %v", err)
	}
	if err := o.MkdirAll("dead/7/a/x"); err == nil {
		t.Error("MkdirAll below a file succeeded")
	}
	if free, err := o.Free(); err != nil || free <= 0 {
		t.Errorf("Free: %d, %v", free, err)
	}
}

func TestNothingLeavesTheDirectory(t *testing.T) {
	o := newOS(t)
	outside := filepath.Join(filepath.Dir(o.Path()), "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"absolute": outside, "relative": "../outside", "inside": "file"} {
		if err := os.Symlink(target, filepath.Join(o.Path(), link)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Symlink("..", filepath.Join(o.Path(), "dir")); err != nil {
		t.Fatal(err)
	}
	create(t, o, "file", "")
	for _, name := range []string{"absolute", "relative", "inside", "../outside", outside, "dir/outside", "."} {
		if f, err := o.OpenRead(name); err == nil {
			t.Errorf("OpenRead(%q) succeeded", name)
			f.Close()
		}
		if f, err := o.Open(name); err == nil {
			t.Errorf("Open(%q) succeeded", name)
			f.Close()
		}
	}
	for _, name := range []string{"../new", "dir/new", "absolute"} {
		if f, err := o.Create(name); err == nil {
			t.Errorf("Create(%q) succeeded", name)
			f.Close()
		}
	}
	if err := o.Rename("file", "../file"); err == nil {
		t.Error("Rename left the directory")
	}
	if err := o.Remove("../outside"); err == nil {
		t.Error("Remove left the directory")
	}
	if err := o.MkdirAll("../d"); err == nil {
		t.Error("MkdirAll left the directory")
	}
}

func TestPreallocateKeepsWhatIsThere(t *testing.T) {
	f := create(t, newOS(t), "f", "abc")
	for _, span := range [][2]int64{{1, 9}, {3, 100_000}, {200_000, 1}, {0, 2}} {
		if err := f.Preallocate(span[0], span[1]); err != nil {
			t.Fatal(err)
		}
	}
	want := append([]byte("abc"), make([]byte, 200_001-3)...)
	if got := content(t, f); !bytes.Equal(got, want) {
		t.Errorf("got %d bytes that begin with %q, want %d", len(got), got[:min(len(got), 5)], len(want))
	}
	if err := f.Truncate(3); err != nil {
		t.Fatal(err)
	}
	if got := content(t, f); string(got) != "abc" {
		t.Errorf("after Truncate: %q", got)
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	o := newOS(t)
	create(t, o, "f", "x")
	r, err := disk.ReadOnlyOS(o.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f, err := r.OpenRead("f")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	_, created := r.Create("g")
	_, opened := r.Open("f")
	_, locked := r.Lock("LOCK")
	for what, err := range map[string]error{
		"Create": created, "Open": opened, "Lock": locked,
		"Rename": r.Rename("f", "g"), "Remove": r.Remove("f"), "MkdirAll": r.MkdirAll("d"),
	} {
		if err == nil {
			t.Errorf("%s succeeded", what)
		}
	}
	got, err := r.List(".")
	if diff := cmp.Diff([]disk.Info{{Name: "f", Size: 1}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}
