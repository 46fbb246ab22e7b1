package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk"
)

// mount makes dir a tmpfs of 1 MiB, or skips the test.
func mount(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Skipf("needs the right to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func readOnlyMount(t *testing.T, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	mount(t, dir)
	return syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}

func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	mount(t, dir)
	o, err := disk.NewOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	f := create(t, o, "f", "abc")
	if err := f.Preallocate(3, 2<<20); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Preallocate of more than there is: %v, want ENOSPC", err)
	}
	if got := content(t, f); string(got) != "abc" {
		t.Errorf("a refused Preallocate left %d bytes", len(got))
	}
	if err := f.Preallocate(0, 1<<50); err == nil {
		t.Error("a petabyte was reserved")
	}
	if _, err := f.WriteAt(make([]byte, 2<<20), 3); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("WriteAt: %v, want ENOSPC", err)
	}
	if free, err := o.Free(); err != nil || free != 0 {
		t.Errorf("Free on a full disk: %d, %v", free, err)
	}
	lock, err := o.Lock("LOCK")
	if err != nil {
		t.Fatalf("a full disk keeps the journal from being opened: %v", err)
	}
	lock.Close()
	if err := f.Truncate(3); err != nil {
		t.Fatal(err)
	}
	if err := f.Preallocate(0, 512<<10); err != nil {
		t.Errorf("after room was made: %v", err)
	}
	if free, err := o.Free(); err != nil || free < 256<<10 || free > 512<<10 {
		t.Errorf("Free: %d, %v", free, err)
	}
}
