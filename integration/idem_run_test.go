package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// Idem applies a state, with its events on Kafka. The same events put into evhub, by the same acct file but for the topic,
// become the same records.
func TestHubSendsWhatIdemSendsNow(t *testing.T) {
	python := needIdem(t)
	k := pool.Kafka(t)
	ctx := within(t, 2*time.Minute)
	acctFor := func(topic string) string {
		return fmt.Sprintf("kafka:\n  idem-*:\n    topics: [%s]\n    key: run\n    connection: {bootstrap_servers: %q}\n", topic, k.Addr())
	}
	theirs, ours := createTopic(t, k, brokers.Topic{Name: "idem-theirs"}), createTopic(t, k, brokers.Topic{Name: "idem-ours"})

	sls, err := filepath.Abs(filepath.Join("testdata", "idem", "live.sls"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	acctFile := filepath.Join(dir, "acct.yaml")
	if err := os.WriteFile(acctFile, []byte(acctFor(theirs)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := python.Command(ctx, "idem", "state", sls, "--run-name", "nightly", "--acct-file", acctFile, "--reconciler", "none",
		"--root-dir", dir, "--log-file", filepath.Join(dir, "idem.log"))
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "PYTHONPATH="+filepath.Join(filepath.Dir(sls), "site"), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := recordsOn(t, k, theirs)

	h := openHub(t, acctFor(ours))
	for _, r := range want {
		if err := h.Put(ctx, unwrapped(t, "idem-some", r.Value)); err != nil {
			t.Fatal(err)
		}
	}
	flush(t, ctx, h)
	if diff := cmp.Diff(want, recordsOn(t, k, ours)); diff != "" {
		t.Errorf("evhub sends (+), Idem sends (-):\n%s", diff)
	}
	for _, part := range []string{`"FINISHED"`, `"state-post"`, `"rendered"`, `"exec-post"`, "1180591620717411303424"} {
		if !slices.ContainsFunc(want, func(r kafkaRecord) bool { return strings.Contains(r.Value, part) }) {
			t.Errorf("void: Idem sent nothing with %s", part)
		}
	}
}

// recordsOn returns what is on a topic, as records of a topic without a name.
func recordsOn(t *testing.T, k *brokers.Kafka, topic string) (records []kafkaRecord) {
	t.Helper()
	err := oracle.ReadTopic(within(t, time.Minute), k.Addr(), topic, func(m kafka.Message) {
		r := recordOf(m)
		r.Topic = ""
		records = append(records, r)
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}
