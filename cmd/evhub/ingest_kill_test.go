//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// artifactDir is where the events of a run are written, as Runner does.
type artifactDir struct {
	t      *testing.T
	dir    string
	events int // written so far
}

func newArtifactDir(t *testing.T) *artifactDir {
	t.Helper()
	a := &artifactDir{t: t, dir: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(a.dir, "run-1", "job_events"), 0o700); err != nil {
		t.Fatal(err)
	}
	return a
}

func jobEvent(counter int) string {
	return fmt.Sprintf(`{"uuid": "u-%d", "counter": %d, "event": "verbose", "runner_ident": "run-1"}`, counter, counter)
}

// write writes n more events.
func (a *artifactDir) write(n int) {
	for range n {
		a.events++
		path := filepath.Join(a.dir, "run-1", "job_events", fmt.Sprintf("%d-u-%d.json", a.events, a.events))
		if err := os.WriteFile(path+".tmp", []byte(jobEvent(a.events)), 0o600); err != nil {
			a.t.Error(err)
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			a.t.Error(err)
		}
	}
}

// end writes the last status.
func (a *artifactDir) end() {
	if err := os.WriteFile(filepath.Join(a.dir, "run-1", "status"), []byte("successful"), 0o600); err != nil {
		a.t.Error(err)
	}
}

// runnerAcct leads everything to well, and to an endpoint that takes nothing, so that the journal keeps all events.
func runnerAcct(t *testing.T, well *endpoint) string {
	t.Helper()
	return write(t, "acct.yaml", fmt.Sprintf(`http:
  "runner-*": {name: well, url: %q, format: raw, delivery: {retry: {min: 1ms, max: 5ms}}}
  "*": {name: dead, url: %q, format: raw, delivery: {retry: {min: 1s, max: 1s}}}
`, well.URL, answering(t, http.StatusServiceUnavailable).URL))
}

// TestATailSurvivesKill9 kills the command again and again, at any moment, while it follows a run: with a journal that has
// to keep everything, and with one of which little stays.
func TestATailSurvivesKill9(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 10
	}
	t.Run("all kept", func(t *testing.T) {
		well := answering(t, http.StatusNoContent)
		a, dir := killTail(t, rounds, well, "--acct-file", runnerAcct(t, well), "--timeout", "1s")
		checkJournal(t, dir, a.events+1)
	})
	t.Run("little kept", func(t *testing.T) {
		well := answering(t, http.StatusNoContent)
		acctFile := write(t, "acct.yaml", fmt.Sprintf("http: {'*': {name: well, url: %q, format: raw, delivery: {retry: {min: 1ms, max: 5ms}}}}", well.URL))
		a, dir := killTail(t, rounds, well, "--acct-file", acctFile, "--journal-segment", "16KiB")
		var status statusLine
		if err := json.Unmarshal([]byte(evhub(t, "", "journal", "status", "--journal", dir, "--output", "json").out), &status); err != nil {
			t.Fatal(err)
		}
		if d := status.Destinations[0]; d.Settled != int64(a.events+1) || d.Waiting != 0 || status.Segments > 20 {
			t.Errorf("%+v, want that %d events were put", status, a.events+1)
		}
	})
}

// killTail follows a run until its end, through many kills, and checks what arrived. It returns the journal.
func killTail(t *testing.T, rounds int, well *endpoint, more ...string) (a *artifactDir, dir string) {
	t.Helper()
	a, dir = newArtifactDir(t), newDir(t)
	args := append([]string{"ingest", "runner", "--journal", dir, "--artifact-dir", a.dir, "--ident", "run-1", "--log-level", "error"}, more...)
	for range rounds {
		p := start(t, append(args, "--follow")...)
		written := make(chan struct{})
		go func() {
			defer close(written)
			a.write(100 + rand.IntN(200))
		}()
		select { // not what an earlier process did
		case <-well.called:
		default:
		}
		if rand.IntN(5) > 0 { // else it may not even have begun
			called(t, well)
		}
		<-time.After(time.Duration(rand.IntN(60)) * time.Millisecond)
		p.signal(t, syscall.SIGKILL)
		_ = p.Wait() // it was killed
		<-written
	}
	a.end()
	r := start(t, append(args, "--follow")...).end(t)
	r.want(t, exitDone)
	t.Logf("%d events; the last call: %s", a.events, r.err)
	deliverRest(t, a, well, more[1], dir)
	checkRun(t, a, well.got())
	return a, dir
}

// deliverRest delivers what the last call had no time for.
func deliverRest(t *testing.T, a *artifactDir, well *endpoint, acctFile, dir string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); different(well.got()) < a.events+1 && time.Now().Before(deadline); {
		start(t, "drain", "--acct-file", acctFile, "--journal", dir, "--log-level", "error", "--timeout", "1s").end(t)
	}
}

func different(bodies []string) int {
	seen := map[string]bool{}
	for _, body := range bodies {
		seen[body] = true
	}
	return len(seen)
}

// checkRun checks that all events of a run arrived, first deliveries in the order of their counters, and then its status.
func checkRun(t *testing.T, a *artifactDir, bodies []string) {
	t.Helper()
	seen, next := map[string]bool{}, 1
	for _, body := range bodies {
		if seen[body] {
			continue // delivered twice: a kill cost the acknowledgement
		}
		seen[body] = true
		want := jobEvent(next)
		if next > a.events {
			want = `{"status": "successful", "runner_ident": "run-1"}`
		}
		if body != want {
			t.Fatalf("got %s, want %s", body, want)
		}
		next++
	}
	if next != a.events+2 {
		t.Errorf("the last event is %d, want %d and the status", next-1, a.events)
	}
}

// checkJournal checks that n events were put, each once.
func checkJournal(t *testing.T, dir string, n int) {
	t.Helper()
	ids := map[string]int{}
	for _, l := range evhub(t, "", "journal", "export", "--journal", dir).lines(t) {
		ids[l["id"].(string)]++
	}
	for id, times := range ids {
		if times > 1 {
			t.Errorf("event %s was put %d times", id, times)
		}
	}
	if len(ids) != n {
		t.Errorf("%d events were put, want %d", len(ids), n)
	}
}

// TestAKilledPipeIsCompletedFromItsArtifacts kills the command that reads a run's output, and completes the run from its
// files.
func TestAKilledPipeIsCompletedFromItsArtifacts(t *testing.T) {
	for range 3 {
		a, dir, well := newArtifactDir(t), newDir(t), answering(t, http.StatusNoContent)
		acctFile := runnerAcct(t, well)
		args := []string{"ingest", "runner", "-f", acctFile, "--journal", dir, "--log-level", "error", "--timeout", "1s"}
		p := start(t, args...)
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			for i := range 2000 {
				if _, err := fmt.Fprintf(p.in, "%s\nsome text\n", jobEvent(i+1)); err != nil {
					return // it is dead
				}
			}
		}()
		a.write(2000)
		a.end()
		called(t, well)
		<-time.After(time.Duration(rand.IntN(50)) * time.Millisecond)
		p.signal(t, syscall.SIGKILL)
		_ = p.Wait() // it was killed
		<-fed
		r := start(t, append(args, "--artifact-dir", a.dir, "--output", "json")...).end(t)
		r.want(t, exitDone)
		var last struct {
			Summary struct{ Known, Accepted int }
		}
		if err := json.Unmarshal([]byte(r.out), &last); err != nil {
			t.Fatal(err)
		}
		if s := last.Summary; s.Known == 0 || s.Known+s.Accepted != a.events+1 {
			t.Errorf("%+v of %d events and a status", s, a.events)
		}
		deliverRest(t, a, well, acctFile, dir)
		checkRun(t, a, well.got())
		checkJournal(t, dir, a.events+1)
	}
}
