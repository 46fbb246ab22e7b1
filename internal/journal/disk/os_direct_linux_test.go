package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk"
)

// directFile makes a file that can be written past the cache, or skips the test.
func directFile(t *testing.T, o *disk.OS, name string) disk.DirectFile {
	t.Helper()
	f := create(t, o, name, "").(disk.DirectFile)
	if _, err := f.WriteDirect(blocks(1, 'x'), 0); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the file system of temporary files cannot")
	} else if err != nil {
		t.Fatal(err)
	}
	return f
}

// blocks are n blocks that are full of c.
func blocks(n int, c byte) []byte {
	b := disk.Blocks(n * disk.Block)
	copy(b, bytes.Repeat([]byte{c}, len(b)))
	return b
}

func writeDirect(t *testing.T, f disk.DirectFile, b []byte, offset int64) {
	t.Helper()
	if n, err := f.WriteDirect(b, offset); n != len(b) || err != nil {
		t.Fatalf("WriteDirect of %d bytes at %d: %d, %v", len(b), offset, n, err)
	}
}

func TestDirectAndCachedWritesAreOfOneFile(t *testing.T) {
	f := directFile(t, newOS(t), "f")
	if got := content(t, f); !bytes.Equal(got, blocks(1, 'x')) { // and is in the cache now
		t.Fatalf("%d bytes", len(got))
	}
	if _, err := f.WriteAt([]byte("cached"), 3*disk.Block-1); err != nil {
		t.Fatal(err)
	}
	writeDirect(t, f, blocks(2, 'y'), 0)
	want := append(blocks(2, 'y'), make([]byte, disk.Block-1)...)
	want = append(want, "cached"...)
	if got := content(t, f); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	if _, err := f.WriteAt([]byte("z"), 5); err != nil { // not aligned, right behind a direct write
		t.Fatal(err)
	}
	want[5] = 'z'
	if got := content(t, f); !bytes.Equal(got, want) {
		t.Errorf("after another write through the cache: %d bytes, want %d", len(got), len(want))
	}
	if err := f.Sync(); err != nil {
		t.Error(err)
	}
}

func TestDirectWritesFollowTheFileNotItsName(t *testing.T) {
	o := newOS(t)
	directFile(t, o, "probe")
	f := create(t, o, "old", "").(disk.DirectFile)
	if err := o.Rename("old", "new"); err != nil {
		t.Fatal(err)
	}
	other := create(t, o, "old", "other")
	writeDirect(t, f, blocks(1, 'a'), 0)
	if got := content(t, other); string(got) != "other" {
		t.Errorf("the file that has the old name holds %q", got[:1])
	}
	if err := o.Remove("new"); err != nil {
		t.Fatal(err)
	}
	writeDirect(t, f, blocks(1, 'b'), disk.Block)
	if got := content(t, f); !bytes.Equal(got, append(blocks(1, 'a'), blocks(1, 'b')...)) {
		t.Errorf("a file without a name holds %d bytes", len(got))
	}
}

func TestReadersNeedNotAlignBesideDirectWrites(t *testing.T) {
	f := directFile(t, newOS(t), "f")
	writeDirect(t, f, blocks(64, 'a'), 0)
	var done sync.WaitGroup
	for range 2 {
		done.Go(func() {
			b := make([]byte, 1001)
			for i := range 500 {
				if n, err := f.ReadAt(b, int64(i*7+1)); n != len(b) || err != nil {
					t.Errorf("ReadAt: %d, %v", n, err)
					return
				}
			}
		})
	}
	for range 50 {
		writeDirect(t, f, blocks(32, 'a'), 16*disk.Block)
	}
	done.Wait()
}

// descriptors counts those of this process that lead to a file.
func descriptors(t *testing.T, name string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && target == name {
			n++
		}
	}
	return n
}

func TestCloseClosesBothDescriptors(t *testing.T) {
	o := newOS(t)
	f := directFile(t, o, "f")
	name := filepath.Join(o.Path(), "f")
	writeDirect(t, f, blocks(1, 'a'), 0)
	if n := descriptors(t, name); n != 2 {
		t.Errorf("%d descriptors after two direct writes, want 2", n)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if n := descriptors(t, name); n != 0 {
		t.Errorf("%d descriptors after Close", n)
	}
	if _, err := f.WriteDirect(blocks(1, 'b'), 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("WriteDirect after Close: %v", err)
	}
}

func TestFileForReadingIsNotWrittenDirect(t *testing.T) {
	o := newOS(t)
	directFile(t, o, "f")
	f, err := o.OpenRead("f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.(disk.DirectFile).WriteDirect(blocks(1, 'y'), 0); !errors.Is(err, syscall.EBADF) {
		t.Errorf("WriteDirect: %v, want EBADF", err)
	}
	if got := content(t, f); !bytes.Equal(got, blocks(1, 'x')) {
		t.Error("it was written")
	}
}

// What the system refuses is remembered, also if only the write shows it: here because nothing is aligned.
func TestDirectWriteThatIsRefused(t *testing.T) {
	f := directFile(t, newOS(t), "f")
	for range 2 {
		if n, err := f.WriteDirect(blocks(2, 'y')[1:disk.Block+1], 7); n != 0 || !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("%d, %v, want ErrUnsupported", n, err)
		}
	}
	if _, err := f.WriteDirect(blocks(1, 'y'), 0); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("after it was refused: %v", err)
	}
	if got := content(t, f); !bytes.Equal(got, blocks(1, 'x')) {
		t.Error("what was refused has changed the file")
	}
	if _, err := f.WriteAt([]byte("y"), 0); err != nil {
		t.Error(err)
	}
}

func TestDirectWriteToAFullDisk(t *testing.T) {
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
	f := directFile(t, o, "f")
	_, err = f.WriteDirect(blocks(1024, 'y'), 0)
	if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("WriteDirect: %v, want ENOSPC", err)
	}
	if want := filepath.Join("small", "f"); !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("%q does not name %s", err, want)
	}
}
