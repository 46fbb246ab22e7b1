package integration

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evhub/evhub/integration/brokers"
)

// popEvbus returns a Python that has pop-evbus. Installing it takes a while, so it is done on demand only: EVHUB_IDEM=1 skips
// the test if it cannot be had, EVHUB_IDEM=required fails it.
func popEvbus(t *testing.T) (python string) {
	t.Helper()
	demand := os.Getenv("EVHUB_IDEM")
	if demand == "" && !brokers.Full() {
		t.Skip("pop-evbus itself runs with EVHUB_IDEM=1")
	}
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join("scripts", "install-idem.sh"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && demand == "required" {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	if err != nil {
		t.Skipf("no pop-evbus: %v: %s", err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out))
}

// Idem's own publisher and evhub get the same acct file and events; what comes out is compared byte by byte.
func TestHubAgainstPopEvbus(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	python := popEvbus(t)
	for _, c := range idemCases {
		t.Run(c.form, func(t *testing.T) {
			acctText := idemAcct(t, k, r, c.acct)
			var theirs, ours arrival
			t.Run("pop-evbus", func(t *testing.T) {
				theirs = arrives(t, k, r, func(ctx context.Context) {
					file := filepath.Join(t.TempDir(), "acct.yaml")
					if err := os.WriteFile(file, []byte(acctText), 0o600); err != nil {
						t.Fatal(err)
					}
					cmd := exec.CommandContext(ctx, python, filepath.Join("scripts", "idem-put.py"), file)
					cmd.Stdin = bytes.NewReader(fixture(t, c.events))
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Fatalf("%v: %s", err, out)
					}
				})
			})
			t.Run("evhub", func(t *testing.T) {
				ours = arrives(t, k, r, func(ctx context.Context) {
					putLines(t, ctx, acctText, fixtureLines[eventLine](t, c.events))
				})
			})
			if len(theirs.records) == 0 {
				t.Error("void: nothing came from pop-evbus")
			}
			sameArrival(t, theirs, ours)
		})
	}
}
