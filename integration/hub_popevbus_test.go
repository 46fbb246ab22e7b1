package integration

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// Idem's own publisher and evhub get the same acct file and events; what comes out is compared byte by byte.
func TestHubAgainstPopEvbus(t *testing.T) {
	python := needIdem(t)
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
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
					cmd := python.Command(ctx, "python", script(t, "idem-put.py"), file)
					cmd.Dir = filepath.Dir(file) // it leaves a log
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
