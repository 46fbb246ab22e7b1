//go:build linux

package crash

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evhub/evhub/integration/oracle"
)

// answer is what a station does with one request.
type answer struct {
	store  bool
	status int
	delay  time.Duration // before it stores
	hangUp bool          // instead of an answer
}

// mood decides about answers.
type mood func(rng *rand.Rand, id string) answer

// steady takes everything.
func steady(*rand.Rand, string) answer { return answer{store: true, status: http.StatusNoContent} }

// down takes nothing.
func down(*rand.Rand, string) answer { return answer{status: http.StatusServiceUnavailable} }

// moody refuses for now, stalls, sometimes for longer than the timeout, and hangs up before or after it has stored.
func moody(rng *rand.Rand, id string) answer {
	a := steady(rng, id)
	switch n := rng.IntN(1000); {
	case n < 20:
		return answer{status: http.StatusInternalServerError}
	case n < 40:
		return answer{status: http.StatusServiceUnavailable}
	case n < 50:
		return answer{hangUp: true}
	case n < 60:
		a.hangUp = true
	case n < 90:
		a.delay = between(rng, 0, 30*time.Millisecond)
	case n < 91:
		a.delay = between(rng, stationTimeout, 2*stationTimeout)
	}
	return a
}

// picky refuses some events for good.
func picky(rng *rand.Rand, id string) answer {
	if poison(id) {
		return answer{status: http.StatusUnprocessableEntity}
	}
	return steady(rng, id)
}

// poison reports whether the event is one that picky refuses, about one in forty.
func poison(id string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()%40 == 0
}

// stationTimeout is for how long evhub waits for an answer.
const stationTimeout = 1500 * time.Millisecond

// station is one destination.
type station struct {
	name string
	// pattern is that of its entry in the acct file: "*", or one ordering key, which is the profile too.
	pattern string
	// delivery has further keys of the delivery section, such as ", on_full: drop_newest".
	delivery string
	witness  *oracle.Witness
	// ambiguous counts the events that were stored without an answer that said so in time: each may come again.
	ambiguous atomic.Int64
	// answered gets a value after an answer, if somebody listens.
	answered chan struct{}

	mu      sync.Mutex // guards the fields below
	mood    mood
	rng     *rand.Rand
	refused map[string]int // for good, by id
}

func newStation(name string, o *oracle.Oracle, m mood, rng *rand.Rand) *station {
	return &station{
		name: name, pattern: "*", witness: o.Witness(name), mood: m, rng: rng,
		refused: map[string]int{}, answered: make(chan struct{}),
	}
}

// takes reports whether an event goes there.
func (s *station) takes(id string) bool {
	return s.pattern == "*" || strings.Split(id, "/")[1] == s.pattern
}

// become changes the mood.
func (s *station) become(m mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = m
}

func (s *station) decide(id string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mood(s.rng, id)
	if a.status == http.StatusUnprocessableEntity {
		s.refused[id]++
	}
	return a
}

// wasRefused reports whether the event was refused for good.
func (s *station) wasRefused(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused[id] > 0
}

// refusals is how many events were refused for good.
func (s *station) refusals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.refused)
}

func (s *station) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender is gone in the middle of it
	}
	var named struct{ ID string }
	_ = json.Unmarshal(body, &named) // the witness says what is wrong with it
	a := s.decide(named.ID)
	if a.delay > 0 {
		pause(a.delay, nil)
	}
	if a.store {
		if a.hangUp || a.delay >= stationTimeout/2 {
			s.ambiguous.Add(1)
		}
		s.witness.Observe(body)
	}
	if a.hangUp {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	_ = http.NewResponseController(w).Flush() // the sender may be gone
	select {
	case s.answered <- struct{}{}:
	default:
	}
}
