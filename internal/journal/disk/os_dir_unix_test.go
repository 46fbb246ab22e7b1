//go:build unix

package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk"
)

func TestModesWhateverTheUmask(t *testing.T) {
	for _, umask := range []int{0o000, 0o022, 0o077, 0o777} {
		old := syscall.Umask(umask)
		dir := filepath.Join(t.TempDir(), "state", "evhub")
		o, err := disk.NewOS(dir)
		if err == nil {
			err = errors.Join(o.MkdirAll("dead/1"), closeFile(o.Create("dead/1/a.seg")))
		}
		if err == nil {
			lock, lockErr := o.Lock("LOCK")
			err = errors.Join(lockErr, lock.Close(), o.Close())
		}
		syscall.Umask(old)
		if err != nil {
			t.Fatalf("umask %04o: %v", umask, err)
		}
		walkErr := filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if info.Mode().Perm() != want {
				t.Errorf("umask %04o: %s has mode %04o", umask, path, info.Mode().Perm())
			}
			return nil
		})
		if walkErr != nil {
			t.Error(walkErr)
		}
	}
}

func closeFile(f disk.File, err error) error {
	if err != nil {
		return err
	}
	return f.Close()
}

func TestUnfitDirectoriesAreRefusedWithTheCure(t *testing.T) {
	for name, c := range map[string]struct {
		make         func(t *testing.T, dir string) error
		reason, cure string
	}{
		"symlink": {
			func(_ *testing.T, dir string) error {
				return errors.Join(os.Mkdir(dir+"-real", 0o700), os.Symlink(dir+"-real", dir))
			}, "symbolic link", "-real",
		},
		"dangling symlink": {func(_ *testing.T, dir string) error { return os.Symlink("nowhere", dir) }, "symbolic link", "nowhere"},
		"file":             {func(_ *testing.T, dir string) error { return os.WriteFile(dir, nil, 0o600) }, "not a directory", "choose another"},
		"world-writable":   {mode(0o702), "written by others (mode 0702)", "chmod 700"},
		"group-writable":   {mode(0o770), "written by others (mode 0770)", "chmod 700"},
		"sticky":           {mode(0o777 | fs.ModeSticky), "written by others", "chmod 700"},
		"foreign": {
			func(t *testing.T, dir string) error {
				if os.Geteuid() != 0 {
					t.Skip("only root can give a directory away")
				}
				return errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, 12345, 12345))
			}, "belongs to user 12345", "run as its owner",
		},
		"not writable": {
			func(t *testing.T, dir string) error {
				if os.Geteuid() == 0 {
					t.Skip("root can write everywhere")
				}
				return mode(0o500)(t, dir)
			}, "cannot be written", "chmod 700",
		},
		"below a file": {
			func(t *testing.T, dir string) error {
				t.Cleanup(func() { os.Remove(filepath.Dir(dir)) })
				return errors.Join(os.Remove(filepath.Dir(dir)), os.WriteFile(filepath.Dir(dir), nil, 0o600))
			}, "file where a directory is needed", "spelling",
		},
		"read-only": {readOnlyMount, "read-only file system", "mount it for writing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "up", "journal")
			if err := errors.Join(os.Mkdir(filepath.Dir(dir), 0o700), c.make(t, dir)); err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{dir, dir + "/"} {
				_, err := disk.NewOS(dir)
				var unfit *disk.DirError
				if !errors.As(err, &unfit) || !strings.Contains(unfit.Reason, c.reason) || !strings.Contains(unfit.Cure, c.cure) {
					t.Errorf("%q: got %v, want %q and %q", dir, err, c.reason, c.cure)
				}
			}
		})
	}
}

func mode(m fs.FileMode) func(*testing.T, string) error {
	return func(_ *testing.T, dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, m)) }
}

// A directory within one is refused as the directory itself is, also by who only looks.
func TestUnfitDirectoriesWithinAreRefusedWithTheCure(t *testing.T) {
	for name, c := range map[string]struct {
		make         func(t *testing.T, dir string) error
		reason, cure string
	}{
		"symlink within": {
			func(_ *testing.T, dir string) error {
				return errors.Join(os.Mkdir(dir+"-real", 0o700), os.Symlink("log-real", dir))
			}, "symbolic link", "put the directory that it leads to, log-real, in its place",
		},
		"symlink out of it": {func(_ *testing.T, dir string) error { return os.Symlink("/nowhere", dir) }, "symbolic link", "/nowhere"},
		"file":              {func(_ *testing.T, dir string) error { return os.WriteFile(dir, nil, 0o600) }, "not a directory", "move the file away"},
		"world-writable":    {mode(0o777), "written by others (mode 0777)", "chmod 700"},
		"missing":           {func(*testing.T, string) error { return nil }, "", ""},
		"well":              {mode(0o755), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := errors.Join(os.Chmod(dir, 0o700), c.make(t, filepath.Join(dir, "log"))); err != nil {
				t.Fatal(err)
			}
			for _, open := range []func(string) (*disk.OS, error){disk.NewOS, disk.ReadOnlyOS} {
				o, err := open(dir)
				if err != nil {
					t.Fatal(err)
				}
				defer o.Close()
				err = o.CheckDir("log")
				unfit, is := errors.AsType[*disk.DirError](err)
				switch {
				case c.reason == "" && err == nil:
				case !is || c.reason == "", unfit.Dir != filepath.Join(dir, "log"), !strings.Contains(unfit.Reason, c.reason), !strings.Contains(unfit.Cure, c.cure):
					t.Errorf("got %v, want %q and %q", err, c.reason, c.cure)
				}
			}
		})
	}
}

// What cannot be made is no directory that is missing: nobody should look for another spelling.
func TestADirectoryThatCannotBeMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "up", "journal")
	if err := os.Symlink("nowhere", filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	_, err := disk.NewOS(dir)
	unfit, is := errors.AsType[*disk.DirError](err)
	if !is || errors.Is(err, fs.ErrNotExist) || unfit.Dir != dir || unfit.Reason != "cannot be made" || unfit.Cure != "choose another directory" {
		t.Errorf("got %v", err)
	}
}

func TestReadOnlyOSNeedsADirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if _, err := disk.ReadOnlyOS(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "spelling") {
		t.Errorf("got %v, want fs.ErrNotExist and a hint", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
}

func TestRootMayLook(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o700), os.Chown(dir, 12345, 12345)); err != nil {
		t.Fatal(err)
	}
	o, err := disk.ReadOnlyOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	o.Close()
}
