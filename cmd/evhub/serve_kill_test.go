//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
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
	for _, body := range well.bodies {
		delete(promised, strings.Trim(body, "\"\n"))
	}
	if len(promised) > 0 {
		t.Errorf("%d answered events are lost", len(promised))
	}
}

// postedUntilKilled returns the ids of the events that a daemon accepted before it was killed amid of answers.
func postedUntilKilled(t *testing.T, round int, args ...string) (answered []string) {
	t.Helper()
	p := startServing(t, args...)
	enough := 1 + rand.IntN(300)
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
				status, ids := p.post("[" + strings.Join(events, ",") + "]")
				if status != http.StatusOK {
					return
				}
				mu.Lock()
				if answered = append(answered, ids...); len(answered) >= enough && len(answered)-len(ids) < enough {
					p.signal(t, syscall.SIGKILL)
				}
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	_ = p.Wait() // it was killed
	if len(answered) < enough {
		t.Errorf("round %d: %d events were answered, want at least %d", round, len(answered), enough)
	}
	return answered
}
