package main

import (
	"fmt"
	"math"
	"sync"

	"github.com/evhub/evhub/hub"
)

// letterBox gathers the dead letters that are written while a command runs.
type letterBox struct {
	mu    sync.Mutex // guards the fields below while the hub is open
	most  int        // how many are kept; all are counted
	count int
	// letters are the first of them, in the order of writing.
	letters []hub.DeadLetter
}

// mostLetters is how many dead letters a summary has in JSON: those that are on disk can be listed at any time, the
// others are gone with the process.
func mostLetters(journal string) int {
	if journal == "" {
		return math.MaxInt
	}
	return 1000
}

func (b *letterBox) add(_ string, l hub.DeadLetter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	if len(b.letters) < b.most {
		b.letters = append(b.letters, l)
	}
}

// shownLetters is how many dead letters are shown; a broken destination makes them all alike.
const shownLetters = 5

func (b *letterBox) print(w *stream) {
	shown := b.letters[:min(len(b.letters), shownLetters)]
	for _, l := range shown {
		fmt.Fprintf(w, "%s event %s at %s: %s\n", w.style.failure("dead:"), l.Event.ID, visible(l.Destination), visible(l.Reason))
	}
	if more := b.count - len(shown); more > 0 {
		fmt.Fprintf(w, "%s %d more\n", w.style.failure("dead:"), more)
	}
}
