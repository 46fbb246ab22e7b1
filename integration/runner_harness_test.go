package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/integration/pythons"
)

// ansibleRunner is the real one, with the playbook of the recorded runs.
type ansibleRunner struct {
	t    *testing.T
	env  pythons.Env
	dir  string // its private data directory
	vars []string
}

func needRunner(t *testing.T) *ansibleRunner {
	t.Helper()
	r := &ansibleRunner{
		t: t, dir: t.TempDir(),
		env: pythons.Need(t, "ansible-core==2.19.*", "ansible-runner==2.4.3", "ansible-runner-http==1.0.0", "setuptools==80.*"),
	}
	r.put("project/small.yml", string(runnerFixture(t, "small.yml")))
	r.put("inventory", fmt.Sprintf("[all:vars]\nansible_connection=local\nansible_python_interpreter=%s\n[all]\nweb1\nweb2\n", r.env.Bin("python")))
	for _, dir := range []string{"artifacts", "home"} {
		if err := os.Mkdir(filepath.Join(r.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.vars = []string{"HOME=" + filepath.Join(r.dir, "home"), "ANSIBLE_NOCOLOR=1"}
	return r
}

// put writes a file of the private data directory.
func (r *ansibleRunner) put(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *ansibleRunner) command(args ...string) *exec.Cmd {
	cmd := r.env.Command(r.t.Context(), "ansible-runner", args...)
	cmd.Env = append(cmd.Env, r.vars...)
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs the playbook, and returns what Runner says.
func (r *ansibleRunner) run(ident string, vars ...string) (output string, err error) {
	cmd := r.command("run", r.dir, "-p", "small.yml", "-i", ident, "-q")
	cmd.Env = append(cmd.Env, vars...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// piped runs commands, each of which reads what the one before it writes, and returns what the last one writes.
func piped(t *testing.T, commands ...*exec.Cmd) string {
	t.Helper()
	var out bytes.Buffer
	last := len(commands) - 1
	commands[last].Stdout = &out
	for i, cmd := range commands {
		cmd.Stderr = t.Output()
		if i < last {
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			commands[i+1].Stdin = pipe
		}
	}
	for i := last; i >= 0; i-- {
		if err := commands[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i := last; i >= 0; i-- { // who reads ends last, but the pipe may only be closed when it has read all
		if err := commands[i].Wait(); err != nil {
			t.Errorf("%s: %v", filepath.Base(commands[i].Path), err)
		}
	}
	return out.String()
}

func runnerFixture(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/runner", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// received is a file that evhub delivers to, one body in a line, and the acct file for it.
type received struct{ acct, path string }

func receive(t *testing.T) received {
	t.Helper()
	dir := t.TempDir()
	r := received{filepath.Join(dir, "acct.yaml"), filepath.Join(dir, "events.jsonl")}
	text := fmt.Sprintf("file:\n  \"runner-*\": {path: %q, format: raw, fsync: never}\n", r.path)
	if err := os.WriteFile(r.acct, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// bodies are the dicts that arrived for one run.
func (r received) bodies(t *testing.T, ident string) (all []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, dict := range dicts(t, text) {
		if dict["runner_ident"] == ident {
			all = append(all, dict)
		}
	}
	return all
}

func dicts(t *testing.T, lines []byte) (all []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		var dict map[string]any
		if json.Unmarshal(line, &dict) == nil {
			all = append(all, dict)
		}
	}
	return all
}

// recordedRun is what a recorded run of the same playbook gave: its events, in a stream with statuses.
func recordedRun(t *testing.T) (events, statuses []map[string]any) {
	t.Helper()
	for _, dict := range dicts(t, runnerFixture(t, "worker-stream.txt")) {
		switch {
		case dict["status"] != nil:
			statuses = append(statuses, dict)
		case dict["event"] != nil:
			events = append(events, dict)
		}
	}
	return events, statuses
}

// sameRun checks that dicts are those of a recorded run, but for what differs from run to run. Two hosts at work at the same
// time have their events in either order, so order is checked by counter alone.
func sameRun(t *testing.T, got, want []map[string]any) {
	t.Helper()
	last := 0.0
	for _, dict := range got {
		if counter, ok := dict["counter"].(float64); ok {
			if counter <= last {
				t.Errorf("event %v comes behind %v", counter, last)
			}
			last = counter
		}
	}
	if diff := cmp.Diff(lasting(t, want), lasting(t, got)); diff != "" {
		t.Errorf("another run than the recorded one (-want +got):\n%s", diff)
	}
}

// lasting spells dicts without what differs from run to run, sorted.
func lasting(t *testing.T, all []map[string]any) (texts []string) {
	t.Helper()
	for _, dict := range all {
		text, err := json.Marshal(blanked(dict))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	slices.Sort(texts)
	return texts
}

// fleeting are the keys whose values differ from run to run; that they are there is checked.
var fleeting = []string{
	"counter", "start_line", "end_line", "pid", "created", "start", "end", "duration", "delta", "task_path",
	"runner_ident", "env", "cwd", "command",
}

func blanked(value any) any {
	switch v := value.(type) {
	case map[string]any:
		blank := map[string]any{}
		for key, inner := range v {
			if strings.HasSuffix(key, "uuid") || slices.Contains(fleeting, key) {
				blank[key] = "..."
			} else {
				blank[key] = blanked(inner)
			}
		}
		return blank
	case []any:
		blank := make([]any, len(v))
		for i := range v {
			blank[i] = blanked(v[i])
		}
		return blank
	}
	return value
}

// evhubCommand is the built command.
func evhubCommand(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(ctx, build(t), args...)
}
