package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// served is a real evhub serve, on a unix socket and on TCP.
type served struct {
	received
	socket, tcp string
}

func serveRunner(t *testing.T) served {
	t.Helper()
	dir, err := os.MkdirTemp("", "evhub-") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := served{received: receive(t), socket: filepath.Join(dir, "evhub.sock")}
	cmd := evhubCommand(context.Background(), t, "serve", "-f", s.acct, "--journal", filepath.Join(dir, "journal"),
		"--listen", "unix:"+s.socket, "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("evhub serve: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for address := range strings.FieldsSeq(line) {
		if strings.HasPrefix(address, "http://") {
			s.tcp = address
		}
	}
	if s.tcp == "" {
		t.Fatalf("it listens on no TCP address: %s", line)
	}
	return s
}

// installPlugin installs the example as its README says, in a place of its own, and returns what makes Python find it.
func installPlugin(t *testing.T, r *ansibleRunner) (pythonPath string) {
	t.Helper()
	source, target := filepath.Join(t.TempDir(), "plugin"), t.TempDir()
	if err := os.CopyFS(source, os.DirFS("../examples/ansible-runner-plugin")); err != nil { // pip writes into it
		t.Fatal(err)
	}
	cmd := r.env.Command(t.Context(), "python", "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps",
		"--no-index", "--disable-pip-version-check", "--target", target, source)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return "PYTHONPATH=" + target
}

// TestRunnerPlugin tries the example as it is installed.
func TestRunnerPlugin(t *testing.T) {
	runner := needRunner(t)
	path := installPlugin(t, runner)
	for name, test := range map[string]func(*testing.T, *ansibleRunner, string){
		"beside runner-http": besideRunnerHTTP, "entry points": entryPoints, "without a daemon": withoutADaemon, "in time": inTime, "odd settings": oddSettings,
	} {
		t.Run(name, func(t *testing.T) { test(t, runner, path) })
	}
}

// besideRunnerHTTP has our plugin and ansible-runner-http post the same runs, each to a daemon of its own: over a unix socket,
// and over TCP.
func besideRunnerHTTP(t *testing.T, runner *ansibleRunner, path string) {
	ours, theirs := serveRunner(t), serveRunner(t)
	events, statuses := recordedRun(t)
	for _, c := range []struct {
		ident string
		vars  []string
	}{
		{"over-unix", []string{"EVHUB_URL=unix:" + ours.socket, "RUNNER_HTTP_URL=" + theirs.socket, "RUNNER_HTTP_PATH=/v1/runner"}},
		{"over-tcp", []string{"EVHUB_URL=" + ours.tcp, "EVHUB_WAIT=true", "RUNNER_HTTP_URL=" + theirs.tcp + "/v1/runner"}},
	} {
		if out, err := runner.run(c.ident, append(c.vars, path)...); err != nil {
			t.Fatalf("%s: %v: %s", c.ident, err, out)
		}
		for _, at := range []served{ours, theirs} {
			await(t, within(t, time.Minute), func() bool { return len(at.bodies(t, c.ident)) == 16 })
			sameRun(t, at.bodies(t, c.ident), append(events[:len(events):len(events)], statuses...))
		}
	}
}

// entryPoints checks that both Runners would find the plugin.
func entryPoints(t *testing.T, runner *ansibleRunner, path string) {
	cmd := runner.env.Command(t.Context(), "python", "-c", `
import importlib.metadata
for group in "ansible_runner.plugins", "distronode_runner.plugins":
    for entry in importlib.metadata.entry_points(group=group, name="evhub"):
        plugin = entry.load()
        print(group, callable(plugin.status_handler), callable(plugin.event_handler))
`)
	cmd.Env = append(cmd.Env, path)
	out, err := cmd.Output()
	if want := "ansible_runner.plugins True True\ndistronode_runner.plugins True True\n"; err != nil || string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
}

// oddSettings checks that what is wrong with settings, or with Python, is an EvhubError or a line of the log, without the token.
func oddSettings(t *testing.T, runner *ansibleRunner, path string) {
	cmd := runner.env.Command(t.Context(), "python", "-c", `
import evhub_runner, threading

class Config:
    pass

def hand_over(**settings):
    Config.settings = {"evhub_" + name: value for name, value in settings.items()}
    try:
        evhub_runner.status_handler(Config, {"status": "starting", "runner_ident": settings["url"]})
        return "taken or logged"
    except evhub_runner.EvhubError as error:
        return str(error)

def start(self):
    raise RuntimeError("no more threads")

print(hand_over(url="unix:/none/1", token="hunter2\n"))
print(hand_over(url="unix:/none/2", token="hun\nter2"))
print(hand_over(url="http://[::1"))
print(hand_over(url="http://127.0.0.1:99999"))
threading.Thread.start = start
print(hand_over(url="unix:/none/3"))
`)
	cmd.Env = append(cmd.Env, path)
	got, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(got), "ter2") {
		t.Errorf("%v: %s", err, got)
	}
	for _, want := range []string{"/none/1: [Errno 2]", "evhub_token has characters", "evhub_url: Invalid IPv6", "evhub_url: Port out of", "/none/3: no more threads"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is not said:\n%s", want, got)
		}
	}
}

// withoutADaemon checks that the settings decide what an error does: nothing but a word, or the end of the run.
func withoutADaemon(t *testing.T, runner *ansibleRunner, path string) {
	nowhere := filepath.Join(t.TempDir(), "evhub.sock")
	runner.put("env/settings", fmt.Sprintf("evhub_url: %q\n", nowhere))
	defer runner.put("env/settings", "{}\n")

	out, err := runner.run("logged", path)
	if err != nil || !strings.Contains(out, "evhub does not have status starting of run logged: "+nowhere) ||
		!strings.Contains(out, "evhub does not have 16 statuses and events of run logged") {
		t.Errorf("%v: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(runner.dir, "artifacts/logged/job_events/*.json"))
	if err != nil || len(files) != 13 {
		t.Errorf("%d files of events: %v; want 13", len(files), err)
	}

	out, err = runner.run("failed", path, "EVHUB_ON_ERROR=fail")
	if err == nil || !strings.Contains(out, "EvhubError: evhub does not have status starting of run failed") {
		t.Errorf("%v: %s", err, out)
	}
}

// probe calls the plugin as Runner does, without a playbook, and prints what is raised and how long it took.
const probe = `
import sys, time, types
import evhub_runner
config = types.SimpleNamespace(settings={"evhub_url": sys.argv[1], "evhub_timeout": 0.5, "evhub_on_error": sys.argv[2]})
for data in {"status": "running", "runner_ident": "r"}, {"uuid": "u", "event": "verbose", "runner_ident": "r"}:
    handler = evhub_runner.status_handler if "status" in data else evhub_runner.event_handler
    begin = time.monotonic()
    try:
        handler(config, data)
        outcome = "returned"
    except Exception as error:
        outcome = "raised OSError" if isinstance(error, OSError) else "raised " + str(error)
    print("slow" if time.monotonic() - begin > 5 else "in time", outcome)
`

// inTime has the plugin post to servers that hang, trickle and talk nonsense.
func inTime(t *testing.T, runner *ansibleRunner, path string) {
	for name, c := range map[string]struct {
		answer func(net.Conn)
		raised string
	}{
		"silent":   {func(net.Conn) {}, "no answer from 127.0.0.1:"},
		"trickles": {trickle, "no answer from 127.0.0.1:"},
		"refuses":  {says("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 17\r\n\r\n{\"error\": \"full\"}"), "503 Service Unavailable: full"},
		"nonsense": {says("220 mail.example ESMTP\r\n"), "220 mail.example"},
		"hangs up": {func(c net.Conn) { c.Close() }, "evhub does not have"},
	} {
		t.Run(name, func(t *testing.T) {
			address := answerEach(t, c.answer)
			for _, mode := range []string{"fail", "log"} {
				cmd := runner.env.Command(t.Context(), "python", "-c", probe, "http://"+address, mode)
				cmd.Env = append(cmd.Env, path)
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(out)) {
					if mode == "log" && line != "in time returned\n" || mode == "fail" && !strings.HasPrefix(line, "in time raised evhub does not have ") || mode == "fail" && !strings.Contains(line, c.raised) {
						t.Errorf("%s: %s", mode, line)
					}
				}
				if strings.Count(string(out), "\n") != 2 {
					t.Errorf("%s: %s", mode, out)
				}
			}
		})
	}
}

// answerEach listens, and has each connection answered until the test ends.
func answerEach(t *testing.T, answer func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var open []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			open = append(open, c)
			answer(c)
		}
		for _, c := range open {
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// trickle answers one byte at a time, each well within the timeout, until the client hangs up.
func trickle(c net.Conn) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + strings.Repeat("x", 100)) {
		<-tick.C
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
	}
}

// says reads a request and answers it with text, whatever that is.
func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		request, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body) // what was sent and not read would reset the connection
		_, _ = io.WriteString(c, text)
	}
}
