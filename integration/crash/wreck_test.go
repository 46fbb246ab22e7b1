//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// rewrite changes the content of a file.
func rewrite(t *testing.T, path string, change func(content []byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(content), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// flip turns one bit over.
func flip(t *testing.T, rng *rand.Rand, _ *world, path string) {
	t.Helper()
	rewrite(t, path, func(content []byte) []byte {
		if len(content) > 0 {
			content[rng.IntN(len(content))] ^= 1 << rng.IntN(8)
		}
		return content
	})
}

// zeros and garbage replace up to 4 KiB.
func zeros(t *testing.T, rng *rand.Rand, _ *world, path string) {
	t.Helper()
	rewrite(t, path, func(content []byte) []byte {
		clear(stretch(rng, content))
		return content
	})
}

func garbage(t *testing.T, rng *rand.Rand, _ *world, path string) {
	t.Helper()
	rewrite(t, path, func(content []byte) []byte {
		part := stretch(rng, content)
		for i := range part {
			part[i] = byte(rng.Uint32())
		}
		return content
	})
}

func stretch(rng *rand.Rand, content []byte) []byte {
	if len(content) == 0 {
		return nil
	}
	from := rng.IntN(len(content))
	return content[from:min(len(content), from+1+rng.IntN(4096))]
}

func cutOff(t *testing.T, rng *rand.Rand, _ *world, path string) {
	t.Helper()
	rewrite(t, path, func(content []byte) []byte { return content[:rng.IntN(len(content)+1)] })
}

func empty(t *testing.T, _ *rand.Rand, _ *world, path string) {
	t.Helper()
	rewrite(t, path, func([]byte) []byte { return nil })
}

func garbageTail(t *testing.T, rng *rand.Rand, _ *world, path string) {
	t.Helper()
	rewrite(t, path, func(content []byte) []byte {
		for range 1 + rng.IntN(5000) {
			content = append(content, byte(rng.Uint32()))
		}
		return content
	})
}

func zeroTail(t *testing.T, rng *rand.Rand, _ *world, path string) {
	t.Helper()
	rewrite(t, path, func(content []byte) []byte { return append(content, make([]byte, 1+rng.IntN(10_000))...) })
}

func remove(t *testing.T, _ *rand.Rand, _ *world, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// twice puts a copy of a segment where a later or an earlier one could be.
func twice(t *testing.T, rng *rand.Rand, _ *world, path string) {
	t.Helper()
	copyFile(t, path, filepath.Join(filepath.Dir(path), fmt.Sprintf("%020d.seg", 1+rng.IntN(500))))
}

// foreign puts a segment of another journal there, in place of one or beside it.
func foreign(t *testing.T, rng *rand.Rand, w *world, path string) {
	t.Helper()
	other := scripted(t, rng.Uint64(), 0)
	other.half()
	for _, name := range other.files() {
		if inLog(name) {
			to := filepath.Join(filepath.Dir(path), fmt.Sprintf("%020d.seg", 1+rng.IntN(500)))
			copyFile(t, filepath.Join(other.dir, name), to)
			return
		}
	}
	t.Fatal("the other journal has no segment")
}

// copyFile does not replace a file that is there.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if os.IsExist(err) {
		return
	}
	if err == nil {
		_, err = f.Write(content)
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
