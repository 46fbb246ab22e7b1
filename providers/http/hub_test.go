package http_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	evhttp "github.com/evhub/evhub/providers/http"
)

// batches is an endpoint that takes arrays of numbers.
type batches struct {
	refuse func(batch []int) (status int) // 0: take it; -1: do not answer

	mu    sync.Mutex
	sizes []int // of the batches that were taken, in bytes
	most  int   // events in one of them
	taken []int
}

func (b *batches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var events []struct{ N int }
	if json.Unmarshal(body, &events) != nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	var batch []int
	for _, e := range events {
		batch = append(batch, e.N)
	}
	switch status := b.refuse(batch); {
	case status > 0:
		w.WriteHeader(status)
		return
	case status < 0:
		<-r.Context().Done()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sizes, b.most = append(b.sizes, len(body)), max(b.most, len(batch))
	b.taken = append(b.taken, batch...)
}

// fire puts n numbers into a hub with those settings of an entry, and returns the numbers of which became dead letters.
func (b *batches) fire(t *testing.T, settings string, n int) (dead []int) {
	t.Helper()
	text := `http: {p: {url: "` + serve(t, b.ServeHTTP).URL + `", batch: array, format: raw, ` + settings + `}}`
	file, err := acct.Parse("acct.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.Open(t.Context(), file, hub.WithProviders(evhttp.Provider()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := h.Put(t.Context(), hub.Event{Profile: "p", Body: json.RawMessage(fmt.Sprintf(`{"N": %d, "Pad": "%0500d"}`, i, 0))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for letter, err := range h.DeadLetters(hub.DeadFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		var body struct{ N int }
		if err := json.Unmarshal(letter.Event.Body.(json.RawMessage), &body); err != nil {
			t.Fatal(err)
		}
		dead = append(dead, body.N)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dead
}

// numbers are 0 to n-1 without some.
func numbers(n int, without ...int) (all []int) {
	for i := range n {
		if !slices.Contains(without, i) {
			all = append(all, i)
		}
	}
	return all
}

// TestOnlyGuiltyEventsDie has an endpoint that takes no batch with certain events in it.
func TestOnlyGuiltyEventsDie(t *testing.T) {
	guilty := []int{0, 1, 77, 499}
	b := &batches{refuse: func(batch []int) int {
		if slices.ContainsFunc(batch, func(n int) bool { return slices.Contains(guilty, n) }) {
			return http.StatusUnprocessableEntity
		}
		return 0
	}}
	dead := b.fire(t, "delivery: {batch: 60}", 500)
	if !slices.Equal(dead, guilty) || !slices.Equal(b.taken, numbers(500, guilty...)) || b.most > 60 {
		t.Errorf("dead %v, most in one request %d, taken %v", dead, b.most, b.taken)
	}
}

func TestBatchBytes(t *testing.T) {
	b := &batches{refuse: func([]int) int { return 0 }}
	b.fire(t, "batch_bytes: 5000B, delivery: {linger: 20ms}", 200)
	if !slices.Equal(b.taken, numbers(200)) || slices.Max(b.sizes) > 5000 || slices.Max(b.sizes) < 2000 {
		t.Errorf("sizes %v, taken %v", b.sizes, b.taken)
	}
}

// TestTooSlowForLargeBatches has an endpoint that answers in time only if there is little in a batch.
func TestTooSlowForLargeBatches(t *testing.T) {
	b := &batches{refuse: func(batch []int) int {
		if len(batch) > 4 {
			return -1
		}
		return 0
	}}
	b.fire(t, "delivery: {batch: 16, timeout: 300ms, retry: {min: 1ms, max: 1ms}}", 24)
	if !slices.Equal(b.taken, numbers(24)) {
		t.Errorf("taken %v", b.taken)
	}
}
