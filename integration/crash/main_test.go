//go:build linux

package crash

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if traceAsChild() {
		return
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // the tests wait more than they work
	}
	code := m.Run()
	_ = os.RemoveAll(builtIn)
	var err error
	if code == 0 {
		err = goleak.Find()
	}
	if code == 0 && err == nil && wholeSuite() {
		err = witnessed.check()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// wholeSuite reports whether no flag chose some of the tests.
func wholeSuite() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.short"} {
		f := flag.Lookup(name)
		if f.Value.String() != f.DefValue {
			return false
		}
	}
	return true
}

// built is where the command was built, for all tests.
var built = sync.OnceValues(func() (path string, err error) {
	if path := os.Getenv("EVHUB_BINARY"); path != "" {
		return path, nil // such as one with the race detector, or a mutant
	}
	dir, err := os.MkdirTemp("", "evhub-crash-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path = filepath.Join(dir, "evhub")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/evhub")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// builtIn is the folder to remove after all tests; empty if nothing was built.
var builtIn string

// evhub builds the command, which takes a while the first time.
func evhub(t testing.TB) (path string) {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
