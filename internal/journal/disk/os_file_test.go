package disk

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestZerosWhereRoomCannotBeReserved(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f := &osFile{File: file, onlyZeros: true}
	if _, err := f.WriteAt([]byte("abc"), 0); err != nil {
		t.Fatal(err)
	}
	for _, span := range [][2]int64{{0, 2}, {1, 200_000}, {300_000, 1}} {
		if err := f.Preallocate(span[0], span[1]); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, 300_002)
	n, _ := f.ReadAt(got, 0)
	if want := append([]byte("abc"), make([]byte, 300_001-3)...); !bytes.Equal(got[:n], want) {
		t.Errorf("%d bytes that begin with %q, want %d", n, got[:5], len(want))
	}
}
