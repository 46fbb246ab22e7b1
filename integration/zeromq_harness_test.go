package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/evhub/evhub/integration/pythons"
)

// libzmq is the receiver scripts/zmq-receive.py in a process of its own.
type libzmq struct {
	endpoint string
	cmd      *exec.Cmd
	stdin    io.Closer
	reading  sync.WaitGroup

	mu       sync.Mutex // guards the field below
	messages [][]string // the frames of each
}

// zmqReceive starts a receiver that ends with the test.
func zmqReceive(t *testing.T, args ...string) *libzmq {
	t.Helper()
	env := pythons.Need(t, "pyzmq==27.*")
	r := &libzmq{cmd: env.Command(context.Background(), "python", append([]string{filepath.Join("scripts", "zmq-receive.py")}, args...)...)}
	r.cmd.Stderr = t.Output()
	stdin, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdin = stdin
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stop)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	var first struct{ Endpoint string }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &first) != nil || first.Endpoint == "" {
		t.Fatalf("the receiver did not start: %s", lines.Bytes())
	}
	r.endpoint = first.Endpoint
	r.reading.Go(func() {
		for lines.Scan() {
			var m struct{ Frames []string }
			if json.Unmarshal(lines.Bytes(), &m) == nil {
				r.mu.Lock()
				r.messages = append(r.messages, m.Frames)
				r.mu.Unlock()
			}
		}
	})
	return r
}

func (r *libzmq) received() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

// kill ends the process at once.
func (r *libzmq) kill() {
	_ = r.cmd.Process.Kill()
	r.reading.Wait()
	_ = r.cmd.Wait()
}

func (r *libzmq) stop() {
	r.stdin.Close()
	r.reading.Wait()
	_ = r.cmd.Wait()
}

// has waits until the receiver has n messages, and returns them.
func (r *libzmq) has(t *testing.T, ctx context.Context, n int) [][]string {
	t.Helper()
	eventually(t, ctx, fmt.Sprint(n, " messages at ", r.endpoint), func() bool { return len(r.received()) >= n })
	return r.received()
}
