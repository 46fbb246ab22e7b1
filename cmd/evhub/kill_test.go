//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// acking is the command as a process that acknowledges.
type acking struct {
	*process
	acks *bufio.Scanner
}

func startAcking(t *testing.T, args ...string) *acking {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	p := startWriting(t, w, append([]string{"put", "--ack"}, args...)...)
	_ = w.Close() // the process has it now
	return &acking{p, bufio.NewScanner(r)}
}

// next returns the next id, and "" at the end of the output.
func (a *acking) next(t *testing.T) string {
	t.Helper()
	if !a.acks.Scan() {
		return ""
	}
	var line struct{ ID string }
	if err := json.Unmarshal(a.acks.Bytes(), &line); err != nil || line.ID == "" {
		t.Fatalf("%q is no acknowledgement: %v", a.acks.Text(), err)
	}
	return line.ID
}

// TestALoneLineIsAcknowledgedAtOnce checks that nothing is held back for more to come.
func TestALoneLineIsAcknowledgedAtOnce(t *testing.T) {
	p := startAcking(t, "-f", hookAcct(t, answering(t, http.StatusNoContent).URL), "--journal", newDir(t))
	for i := range 3 {
		p.put(t, fmt.Sprintf("{\"body\": 1, \"profile\": \"p\", \"id\": \"%d\"}\n", i))
		if got := p.next(t); got != strconv.Itoa(i) {
			t.Fatalf("acknowledged %q, want %d", got, i)
		}
	}
	_ = p.in.Close()
	p.end(t).want(t, exitDone)
}

// TestWhatIsAcknowledgedSurvivesKill9 kills the command between acknowledgements, again and again.
func TestWhatIsAcknowledgedSurvivesKill9(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	dir, well := newDir(t), answering(t, http.StatusNoContent)
	dead, acctFile := hookAcct(t, answering(t, http.StatusServiceUnavailable).URL), hookAcct(t, well.URL)
	var promised []int
	for round := range rounds {
		lead := acctFile
		if round%2 == 0 {
			lead = dead
		}
		promised = append(promised, killed(t, lead, dir, round)...)
	}
	evhub(t, "", "drain", "-f", acctFile, "--journal", dir).want(t, exitDone)
	checkPromises(t, promised, well.got())
}

// killed puts events until the process is killed in the middle, and returns the numbers of those that it acknowledged.
func killed(t *testing.T, acctFile, dir string, round int) (promised []int) {
	t.Helper()
	p := startAcking(t, "-f", acctFile, "--journal", dir, "--log-level", "error")
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		for i := range 100_000 {
			n := round*100_000 + i
			if _, err := io.WriteString(p.in, fmt.Sprintf("{\"body\": %d, \"profile\": \"p\", \"id\": \"%d\"}\n", n, n)); err != nil {
				return // it is dead
			}
		}
	}()
	enough := 1 + rand.IntN(3000)
	for id := p.next(t); id != ""; id = p.next(t) {
		n, err := strconv.Atoi(id)
		if err != nil {
			t.Fatal(err)
		}
		promised = append(promised, n)
		if len(promised) == enough {
			p.signal(t, syscall.SIGKILL)
		}
	}
	_ = p.Wait() // it was killed
	<-fed
	if len(promised) < enough || !slices.IsSorted(promised) {
		t.Errorf("%d events acknowledged, in order: %v; want at least %d", len(promised), slices.IsSorted(promised), enough)
	}
	return promised
}

// checkPromises checks that all events arrived, first deliveries in order.
func checkPromises(t *testing.T, promised []int, bodies []string) {
	t.Helper()
	arrived := map[int]bool{}
	newest := -1
	for _, body := range bodies {
		n, err := strconv.Atoi(strings.TrimSpace(body))
		if err != nil {
			t.Fatalf("damaged: %q", body)
		}
		if !arrived[n] && n < newest {
			t.Fatalf("%d arrived for the first time behind %d", n, newest)
		}
		arrived[n], newest = true, max(newest, n)
	}
	missing := 0
	for _, n := range promised {
		if !arrived[n] {
			missing++
		}
	}
	if missing > 0 || len(promised) == 0 {
		t.Errorf("%d of %d acknowledged events are lost", missing, len(promised))
	}
}

// TestSIGTERMWithAJournal checks that a service can be stopped: what is not delivered stays, and that is no failure. But
// a file that was not read to its end is not said to be done.
func TestSIGTERMWithAJournal(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the drain after a signal")
	}
	file := []string{"--events", write(t, "in.jsonl", numbered(2000))}
	var ends []func()
	for _, c := range []struct {
		signal  os.Signal
		backlog string
		args    []string
		code    int
		said    string
	}{
		{syscall.SIGTERM, "1MiB", nil, exitDone, "3 events accepted, 3 kept in the journal"},
		{os.Interrupt, "1MiB", nil, exitInterrupted, "3 events accepted, 3 kept in the journal"},
		{syscall.SIGTERM, "1KiB", file, exitInterrupted, "stopped: line "},
	} {
		e := answering(t, http.StatusServiceUnavailable)
		acctFile := write(t, "acct.yaml", fmt.Sprintf(
			"http:\n  p: {name: hook, url: %q, delivery: {backlog: %s, retry: {min: 1ms, max: 5ms}}}\n", e.URL, c.backlog))
		p := start(t, append([]string{"put", "-f", acctFile, "--journal", newDir(t), "--log-level", "error"}, c.args...)...)
		p.put(t, numbered(3))
		called(t, e)
		p.signal(t, c.signal)
		ends = append(ends, func() { p.end(t).want(t, c.code, "kept: ", " for http:hook in the journal ", c.said) })
	}
	for _, end := range ends {
		end()
	}
}

// TestTailFollows checks that events are shown while they come, from a journal that another process writes.
func TestTailFollows(t *testing.T) {
	dir := newDir(t)
	put := startAcking(t, "-f", hookAcct(t, answering(t, http.StatusServiceUnavailable).URL), "--journal", dir, "--timeout", "300ms", "--log-level", "error")
	put.put(t, numbered(1))
	put.next(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	tail := startWriting(t, w, "journal", "tail", "--journal", dir, "--follow")
	_ = w.Close() // the process has it now
	shown := bufio.NewScanner(r)
	for i := range 3 {
		if want := fmt.Sprintf(" id id-%d to http:hook (waiting) body %d", i, i); !shown.Scan() || !strings.HasSuffix(shown.Text(), want) {
			t.Fatalf("%q, want %q", shown.Text(), want)
		}
		put.put(t, fmt.Sprintf("{\"body\": %d, \"profile\": \"p\", \"id\": \"id-%d\"}\n", i+1, i+1))
	}
	tail.signal(t, os.Interrupt)
	tail.end(t).want(t, exitDone)
	_ = put.in.Close()
	put.end(t).want(t, exitDone)
}
