//go:build linux

package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// traceVariable holds the plan of a tracer.
const traceVariable = "EVHUB_TEST_TRACE"

// plan says what is to happen to which system calls of a command on files below a folder.
type plan struct {
	// Under is the folder, Calls the names of the calls; none means all that change something.
	Under string
	Calls []string
	// Suffix is how the path must end, if not empty.
	Suffix string
	// At is the number of the call, from 1 on; each one from Then calls later on, too, if that is not 0.
	At, Then int
	Effect   effect
	// Log is the file to which every call on files below Under is written.
	Log string
}

// call is one system call on a file or a name.
type call struct {
	name   string
	path   string
	fd     int    // -1 for a call on a name
	length uint64 // of a write
	number int    // among those that the plan is about; 0 for others
}

// effect is what happens to a call.
type effect struct {
	Kill  bool          // SIGKILL before it; with Torn behind it
	Torn  bool          // SIGKILL behind it; of a write about half of the pages were made, as the system leaves none half-written
	Short bool          // only the first half is written, and the call says so
	Skip  bool          // it is not made, and has Result
	Delay time.Duration // it is made so much later

	Result int64
}

// failing is a call that is not made and has this error.
func failing(e syscall.Errno) effect { return effect{Skip: true, Result: -int64(e)} }

func (p *plan) about(c *call) bool {
	if p.Suffix != "" && !strings.HasSuffix(c.path, p.Suffix) {
		return false
	}
	return len(p.Calls) == 0 || slices.Contains(p.Calls, c.name)
}

func (p *plan) hits(number int) bool {
	return number == p.At || p.Then > 0 && number > p.At && (number-p.At)%p.Then == 0
}

// needTracer skips the test where commands cannot be traced.
func needTracer(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("system calls are traced on amd64 only")
	}
	w := &world{t: t, dir: "/nowhere"}
	w.traced(plan{})
	cmd := w.command("true")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("this system does not let a process be traced: %s", out)
	}
}

// traced has every command of this world run below the tracer.
func (w *world) traced(p plan) (log string) {
	w.t.Helper()
	p.Under, p.Log = w.dir, filepath.Join(w.t.TempDir(), "calls")
	text, err := json.Marshal(p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.via, w.env = []string{os.Args[0]}, []string{traceVariable + "=" + string(text)}
	return p.Log
}

// untraced ends that.
func (w *world) untraced() { w.via, w.env = nil, nil }

// made is a call in a tracer's log.
type made struct {
	number     int // among those that the plan was about, or 0
	name, path string
	fd         int
	result     int64
	injected   bool
}

// logged are the calls in a tracer's log, as far as they returned.
func logged(t *testing.T, log string) (calls []made) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var c made
		if n, _ := fmt.Sscanf(line, logFormat, &c.number, &c.name, &c.fd, &c.path, &c.result, &c.injected); n == 6 {
			calls = append(calls, c)
		}
	}
	return calls
}

// logFormat is a line of a tracer's log.
const logFormat = "%d %s %d %q = %d %t\n"
