package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// A child is a far end in a process of its own, so that it can be killed: this test binary, started with these variables.
const (
	childKind = "EVHUB_TEST_CHILD" // nats or http
	childAddr = "EVHUB_TEST_CHILD_ADDR"
	childDir  = "EVHUB_TEST_CHILD_DIR"
)

// serveAsChild serves until its standard input ends, which it does with the test, and reports whether it was asked to.
func serveAsChild() bool {
	kind, addr, dir := os.Getenv(childKind), os.Getenv(childAddr), os.Getenv(childDir)
	switch kind {
	case "":
		return false
	case "nats":
		go serveNATS(addr, dir)
	case "http":
		go serveHTTP(addr, dir)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return true
}

func serveNATS(addr, dir string) {
	host, port := splitAddr(addr)
	s, err := server.NewServer(&server.Options{
		Host: host, Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s.Start()
}

// serveHTTP answers 200 when the body stands in a file, which is named after the path.
func serveHTTP(addr, dir string) {
	err := http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := store(filepath.Join(dir, "path-"+path.Base(r.URL.Path)), r.Body); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// store appends all that r gives, and the end of a line, in one write.
func store(file string, r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(body, '\n'))
	return errors.Join(err, f.Close())
}

// child is such a process, behind a proxy.
type child struct {
	*faultproxy.Proxy
	kind, addr, dir string

	cmd   *exec.Cmd
	stdin io.Closer
}

// startChild starts a far end that ends with the test.
func startChild(t *testing.T, kind string) *child {
	t.Helper()
	c := &child{kind: kind, addr: freeAddr(t), dir: t.TempDir()}
	var err error
	if c.Proxy, err = faultproxy.New(c.addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.kill()
		_ = c.Proxy.Close()
	})
	if err := c.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// start starts the process and returns when it listens.
func (c *child) start(ctx context.Context) error {
	c.cmd = exec.Command(os.Args[0])
	c.cmd.Env = append(os.Environ(), childKind+"="+c.kind, childAddr+"="+c.addr, childDir+"="+c.dir)
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	c.stdin = in
	if err := c.cmd.Start(); err != nil {
		return err
	}
	return listens(ctx, c.addr)
}

// kill ends it with SIGKILL.
func (c *child) kill() {
	if c.cmd != nil {
		_ = c.cmd.Process.Kill()
		_ = c.stdin.Close()
		_ = c.cmd.Wait()
		c.cmd = nil
	}
}

// natsStream makes the stream that takes the subjects "events" and "events.x".
func natsStream(t *testing.T, ctx context.Context, c *child) {
	t.Helper()
	withJetStream(t, c, func(js jetstream.JetStream) error {
		_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events", "events.*"}})
		return err
	})
}

// onStream returns a witness that has seen all that the stream has of a subject.
func onStream(t *testing.T, ctx context.Context, c *child, subject string, o *oracle.Oracle) *oracle.Witness {
	t.Helper()
	w := o.Witness("NATS subject " + subject)
	withJetStream(t, c, func(js jetstream.JetStream) error {
		s, err := js.Stream(ctx, "EVENTS")
		if err != nil {
			return err
		}
		reader, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
		if err != nil {
			return err
		}
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(subject))
		if err != nil {
			return err
		}
		for left := int(info.State.Subjects[subject]); left > 0; {
			batch, err := reader.Fetch(min(left, 1000), jetstream.FetchMaxWait(10*time.Second))
			if err != nil {
				return err
			}
			read := 0
			for m := range batch.Messages() {
				w.Observe(m.Data())
				read++
			}
			if left -= read; read == 0 {
				return errors.Join(fmt.Errorf("the stream has %d messages more", left), batch.Error())
			}
		}
		return nil
	})
	return w
}

func withJetStream(t *testing.T, c *child, do func(jetstream.JetStream) error) {
	t.Helper()
	closed := make(chan struct{})
	nc, err := nats.Connect("nats://"+c.addr, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { nc.Close(); <-closed }()
	js, err := jetstream.New(nc)
	if err == nil {
		err = do(js)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// onEndpoint returns a witness that has seen all that the HTTP endpoint has stored of a path.
func onEndpoint(t *testing.T, c *child, name string, o *oracle.Oracle) *oracle.Witness {
	t.Helper()
	return onFile(t, "HTTP path /"+name, filepath.Join(c.dir, "path-"+name), o)
}

func onFile(t *testing.T, name, path string, o *oracle.Oracle) *oracle.Witness {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := o.Witness(name)
	for line := range bytes.Lines(text) {
		w.Observe(bytes.TrimSuffix(line, []byte("\n")))
	}
	return w
}

// far is an acct file by which every event goes to a NATS stream and to an HTTP endpoint, both behind proxies.
type far struct{ nats, http *child }

const (
	natsName = "nats:stream"
	httpName = "http:hook"
)

func startFar(t *testing.T, ctx context.Context) far {
	t.Helper()
	f := far{startChild(t, "nats"), startChild(t, "http")}
	natsStream(t, ctx, f.nats)
	return f
}

func (f far) yaml(delivery string) string {
	return fmt.Sprintf(`
nats:
  "*": {name: stream, servers: %q, subject: events, delivery: {%s}}
http:
  "*": {name: hook, url: "http://%s/hook", delivery: {%s}}
`, "nats://"+f.nats.Addr(), delivery, f.http.Addr(), delivery)
}

func (f far) children() []*child { return []*child{f.nats, f.http} }

// set puts the faults in force before both.
func (f far) set(t *testing.T, faults faultproxy.Faults) {
	t.Helper()
	for _, c := range f.children() {
		set(t, c.Proxy, faults)
	}
}

// verify fails the test unless both have everything in order: the stream, which drops what comes again, once, and the
// endpoint with at most so many duplicates.
func (f far) verify(t *testing.T, ctx context.Context, o *oracle.Oracle, duplicates int) {
	t.Helper()
	judge(t, onStream(t, ctx, f.nats, "events", o), 0)
	judge(t, onEndpoint(t, f.http, "hook", o), duplicates)
}
