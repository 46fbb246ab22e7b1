package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// built is where the command was built, for all tests.
var built = sync.OnceValues(func() (path string, err error) {
	dir, err := os.MkdirTemp("", "evhub-command-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path = filepath.Join(dir, "evhub")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/evhub")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// builtIn is the folder to remove after all tests; empty if nothing was built.
var builtIn string

// build builds the command, which takes a while the first time.
func build(t *testing.T) (path string) {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs the built command with an acct file and standard input.
func command(t *testing.T, ctx context.Context, acctText string, stdin []byte, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	evhub := build(t)
	file := filepath.Join(t.TempDir(), "acct.yaml")
	if err := os.WriteFile(file, []byte(acctText), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, evhub, append(args, "-f", file)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	} else if ok {
		code = exit.ExitCode()
	}
	return out.String(), errs.String(), code
}

// mintLines are n events as JSON Lines, which the oracle expects.
func mintLines(t *testing.T, o *oracle.Oracle, n int) []byte {
	t.Helper()
	var lines bytes.Buffer
	for i := range n {
		e := o.Mint(fmt.Sprint("key", i%100))
		o.Accept(e.ID)
		line, err := json.Marshal(map[string]any{"profile": "idem-run", "body": e.Body, "key": e.Key, "id": e.ID})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	return lines.Bytes()
}

func TestHubCommandPutsManyLines(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx, o := within(t, 3*time.Minute*time.Duration(rounds(5))), oracle.New("hub-command")
	f := newFanOut(t, k, r, "hub-command")
	n := 30_000 * rounds(10)
	lines := mintLines(t, o, n)
	build(t)
	start := time.Now()
	_, stderr, code := command(t, ctx, f.yaml(), lines, "put")
	t.Logf("%d events per second", int(float64(n)/time.Since(start).Seconds()))
	if code != 0 || !strings.Contains(stderr, fmt.Sprint(n, " events accepted")) {
		t.Errorf("exit %d: %s", code, stderr)
	}
	f.verify(t, ctx, k, r, o, 0)
}

// receiptLine is a line of `put --wait --output json`.
type receiptLine struct {
	ID      string
	Results []struct{ Destination, State, Error string }
}

func receiptLines(t *testing.T, stdout string) (receipts []receiptLine) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var r receiptLine
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.ID != "" { // else it is the summary
			receipts = append(receipts, r)
		}
	}
	return receipts
}

// wantReceipts checks that each event has a receipt with these states, by destination.
func wantReceipts(t *testing.T, stdout string, n int, states map[string]string) {
	t.Helper()
	receipts := receiptLines(t, stdout)
	if len(receipts) != n {
		t.Errorf("%d receipts for %d events", len(receipts), n)
	}
	for _, r := range receipts {
		for _, result := range r.Results {
			if result.State != states[result.Destination] {
				t.Fatalf("receipt %+v, want %v", r, states)
			}
		}
		if len(r.Results) != len(states) {
			t.Fatalf("receipt %+v, want %v", r, states)
		}
	}
}

func TestHubCommandExitCodes(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	build(t)
	const n = 200
	for _, test := range []struct {
		name  string
		args  []string
		upset func(t *testing.T, f *fanOut)
		code  int
		amqp  string // the state of each event there
		says  string
	}{
		{"delivered", nil, func(*testing.T, *fanOut) {}, 0, "delivered", ""},
		{"dead", nil, func(_ *testing.T, f *fanOut) { f.queue = "hub-codes-none" }, 4, "dead", "hub-codes-none"},
		{"remain", []string{"--timeout", "1s"}, func(t *testing.T, f *fanOut) {
			set(t, f.proxied(t, k, r)[amqpName], faultproxy.Faults{Refuse: true})
		}, 5, "pending", "refused"},
		{"remain frozen", []string{"--timeout", "1s"}, func(t *testing.T, f *fanOut) {
			set(t, f.proxied(t, k, r)[amqpName], faultproxy.Faults{Blackhole: true})
		}, 5, "pending", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, o := within(t, time.Minute), oracle.New("hub-codes")
			f := newFanOut(t, k, r, "hub-codes")
			test.upset(t, &f)
			args := append([]string{"put", "--wait", "--output", "json"}, test.args...)
			start := time.Now()
			stdout, stderr, code := command(t, ctx, f.yaml(), mintLines(t, o, n), args...)
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("it took %v", took)
			}
			if code != test.code || !strings.Contains(stdout, test.says) {
				t.Errorf("exit %d, want %d and %q: %s%s", code, test.code, test.says, stdout, stderr)
			}
			wantReceipts(t, stdout, n, map[string]string{kafkaName: "delivered", amqpName: test.amqp})
			if err := onTopic(t, ctx, k, f.topic, o).Verdict().Err(0); err != nil {
				t.Error(err)
			}
		})
	}
}

// The command reads the events of the fixtures as they are.
func TestHubCommandSendsWhatIdemSends(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	for _, c := range idemCases {
		t.Run(c.form, func(t *testing.T) {
			want := arrival{fixtureLines[kafkaRecord](t, c.kafka), fixtureLines[amqpMessage](t, c.rabbitmq)}
			want.sort()
			sameArrival(t, want, arrives(t, k, r, func(ctx context.Context) {
				events := filepath.Join("testdata", "idem", c.events)
				_, stderr, code := command(t, ctx, idemAcct(t, k, r, c.acct), nil, "put", "--format", "raw", "--events", events)
				if code != 0 {
					t.Errorf("exit %d: %s", code, stderr)
				}
			}))
		})
	}
}
