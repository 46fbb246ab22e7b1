package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/pythons"
)

// ansibleCallback is a folder like examples/ansible-callback, with the programs that it is about.
type ansibleCallback struct {
	t   *testing.T
	env pythons.Env
	dir string
}

// newAnsibleCallback copies the example, and takes the playbook that was recorded with another plugin.
func newAnsibleCallback(t *testing.T) *ansibleCallback {
	t.Helper()
	a := &ansibleCallback{t: t, env: pythons.Need(t, "ansible-core==2.19.*", "ansible-runner==2.4.3", "ansible-runner-http==1.0.0", "setuptools>=64"), dir: t.TempDir()}
	if err := os.CopyFS(a.dir, os.DirFS("../examples/ansible-callback")); err != nil {
		t.Fatal(err)
	}
	playbook, err := os.ReadFile("testdata/callback/site.yml")
	if err != nil {
		t.Fatal(err)
	}
	a.write("recorded.yml", string(playbook))
	return a
}

func (a *ansibleCallback) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// addVariables gives the recorded playbook variables of its play.
func (a *ansibleCallback) addVariables(lines ...string) {
	a.t.Helper()
	path := filepath.Join(a.dir, "recorded.yml")
	playbook, err := os.ReadFile(path)
	if err != nil {
		a.t.Fatal(err)
	}
	variables := "  vars:\n    " + strings.Join(lines, "\n    ") + "\n  tasks:\n"
	a.write("recorded.yml", strings.Replace(string(playbook), "  tasks:\n", variables, 1))
}

// start runs the command evhub in the folder, and returns the addresses that it listens at and a function that ends it.
func (a *ansibleCallback) start(args ...string) (addresses []string, stop func()) {
	a.t.Helper()
	cmd := exec.CommandContext(context.Background(), build(a.t), args...)
	cmd.Dir, cmd.Stderr = a.dir, a.t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, lines)
		if err := cmd.Wait(); err != nil {
			a.t.Errorf("%v: %v", args, err)
		}
	}
	a.t.Cleanup(stop)
	line, err := lines.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "listening ") {
		a.t.Fatalf("%v: the first line is %q", args, line)
	}
	return strings.Fields(line)[1:], stop
}

// play runs a playbook and returns what it has printed.
func (a *ansibleCallback) play(args ...string) string {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := a.env.Command(ctx, "ansible-playbook", args...)
	cmd.Dir = a.dir
	cmd.Env = append(cmd.Env, "HOME="+a.dir, "ANSIBLE_NOCOLOR=1", "LC_ALL=C.UTF-8", "COLUMNS=1000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("ansible-playbook %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// taken returns the bodies that the mock API has taken, without what differs from run to run.
func taken(t *testing.T, url, password string) (bodies []string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("admin", password)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	var listing struct {
		Posts []struct{ Body json.RawMessage }
	}
	if err := json.NewDecoder(response.Body).Decode(&listing); err != nil {
		t.Fatal(err)
	}
	for _, p := range listing.Posts {
		bodies = append(bodies, timeless(t, p.Body))
	}
	return bodies
}

// recordedPosts returns the bodies that another plugin has posted, likewise.
func recordedPosts(t *testing.T, file string) (bodies []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "callback", file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var post struct{ Body string }
		if err := json.Unmarshal(line, &post); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, timeless(t, []byte(post.Body)))
	}
	return bodies
}

// times are the values in a result that say when a command ran.
var times = regexp.MustCompile(`\\"(delta|start|end)\\": \\"[0-9 :.-]+\\"`)

// timeless returns a body without times, and without space between its parts.
func timeless(t *testing.T, body []byte) string {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		t.Fatal(err)
	}
	return times.ReplaceAllString(compact.String(), `\"$1\": \"\"`)
}
