//go:build linux

package crash

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evhub/evhub/integration/brokers"
)

// mutant is a fault that is put into the command on purpose.
type mutant struct{ name, file, right, wrong string }

var mutants = []mutant{
	{
		"the last event of a PutAll is acknowledged and not written", "hub/group.go",
		"		o.batch.Add(r.Destinations, r)\n",
		"		if o.batch.Len() >= 5 && r == o.records[len(o.records)-1] {\n			break\n		}\n		o.batch.Add(r.Destinations, r)\n",
	},
	{
		"cursors are ahead of what was delivered", "internal/journal/journal.go",
		"	if j.cursors.move(number, c) {\n",
		"	c.Seq += 3\n	if j.cursors.move(number, c) {\n",
	},
	{
		"dead letters are not kept", "hub/journalletters.go",
		"	first, err := s.store.Append(texts)\n",
		"	first, err := uint64(1), error(nil)\n",
	},
}

// TestKillsFindFaults shows that TestKill9 can fail: it does so with each mutant of the command.
func TestKillsFindFaults(t *testing.T) {
	if !brokers.Full() {
		t.Skip("builds the command anew for each fault: only in make proof")
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestKill9$") //nolint:gosec // this test binary
			cmd.Env = append(withoutProof(os.Environ()), "EVHUB_BINARY="+m.build(t))
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("it survives:\n%s", out)
			}
			t.Logf("proof: caught: %s: %s", m.name, complaint(string(out)))
		})
	}
}

// complaint is the first thing that a failed test says.
func complaint(output string) string {
	for line := range strings.Lines(output) {
		if _, text, ok := strings.Cut(line, "_test.go:"); ok && !strings.Contains(line, "EVHUB_SEED") {
			return strings.TrimSpace(text[:min(len(text), 150)])
		}
	}
	return output
}

// build builds the command with the fault and returns its path. The source tree stays as it is.
func (m mutant) build(t *testing.T) (path string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	must(t, err)
	source := filepath.Join(root, m.file)
	text, err := os.ReadFile(source)
	must(t, err)
	if strings.Count(string(text), m.right) != 1 {
		t.Fatalf("%s has changed: the fault cannot be put in", m.file)
	}
	dir := t.TempDir()
	faulty, overlay := filepath.Join(dir, "faulty.go"), filepath.Join(dir, "overlay.json")
	must(t, os.WriteFile(faulty, []byte(strings.Replace(string(text), m.right, m.wrong, 1)), 0o600))
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {source: faulty}})
	must(t, err)
	must(t, os.WriteFile(overlay, replace, 0o600))
	path = filepath.Join(dir, "evhub")
	cmd := exec.Command("go", "build", "-overlay", overlay, "-o", path, "./cmd/evhub") //nolint:gosec // the test's own files
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

// withoutProof leaves the variables out that make tests take long.
func withoutProof(env []string) (brief []string) {
	for _, variable := range env {
		if name, _, _ := strings.Cut(variable, "="); name != "EVHUB_PROOF" && name != "EVHUB_SOAK" && name != "EVHUB_SEED" {
			brief = append(brief, variable)
		}
	}
	return brief
}
