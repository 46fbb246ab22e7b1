//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestWhatIsAnsweredSurvivesKill9 kills the daemon while clients post, again and again at the same socket. Each event of
// which a client got the id must arrive, at the latest when all is drained in the end.
func TestWhatIsAnsweredSurvivesKill9(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	dir, at, well := newDir(t), socket(t), answering(t, http.StatusNoContent)
	dead, acctFile := hookAcct(t, answering(t, http.StatusServiceUnavailable).URL), hookAcct(t, well.URL)
	promised := map[string]bool{}
	for round := range rounds {
		lead := acctFile
		if round%2 == 0 {
			lead = dead
		}
		for _, id := range postedUntilKilled(t, round, "-f", lead, "--journal", dir, at, "--log-level", "error") {
			promised[id] = true
		}
	}
	evhub(t, "", "drain", "-f", acctFile, "--journal", dir).want(t, exitDone)
	for _, body := range well.got() {
		delete(promised, strings.Trim(body, "\"\n"))
	}
	if len(promised) > 0 {
		t.Errorf("%d answered events are lost", len(promised))
	}
}

// postedUntilKilled returns the ids of the events that a daemon accepted before it was killed amid of answers.
func postedUntilKilled(t *testing.T, round int, args ...string) []string {
	t.Helper()
	p := startServing(t, args...)
	answered := p.postUntil(t, round, 1+rand.IntN(300), syscall.SIGKILL)
	_ = p.Wait() // it was killed
	return answered
}

// postUntil has clients post until enough events are answered, sends a signal then, and returns the ids of all that were
// answered before the end.
func (s *serving) postUntil(t *testing.T, round, enough int, end os.Signal) (answered []string) {
	t.Helper()
	var mu sync.Mutex // guards answered
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() {
			for i := 0; ; i++ {
				var events []string
				for part := range 1 + i%3 {
					id := fmt.Sprintf("%d-%d-%d-%d", round, client, i, part)
					events = append(events, fmt.Sprintf(`{"profile": "p", "id": %q, "body": %q}`, id, id))
				}
				status, ids := s.post("[" + strings.Join(events, ",") + "]")
				if status != http.StatusOK {
					return
				}
				mu.Lock()
				if answered = append(answered, ids...); len(answered) >= enough && len(answered)-len(ids) < enough {
					s.signal(t, end)
				}
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	if len(answered) < enough {
		t.Errorf("round %d: %d events were answered, want at least %d", round, len(answered), enough)
	}
	return answered
}

// TestWhatIsAnsweredSurvivesSIGTERM stops the daemon while clients post, with a destination that takes nothing: what was
// answered is what was accepted, and is there after the end.
func TestWhatIsAnsweredSurvivesSIGTERM(t *testing.T) {
	dir, well := newDir(t), answering(t, http.StatusNoContent)
	dead := hookAcct(t, answering(t, http.StatusServiceUnavailable).URL)
	p := startServing(t, "-f", dead, "--journal", dir, socket(t), "--log-level", "error", "--timeout", "100ms")
	answered := p.postUntil(t, 0, 200, syscall.SIGTERM)
	p.end(t).want(t, exitDone, fmt.Sprintf("%d events accepted, %[1]d kept in the journal", len(answered)))
	evhub(t, "", "drain", "-f", hookAcct(t, well.URL), "--journal", dir).want(t, exitDone, fmt.Sprintf("%d delivered", len(answered)))
}
