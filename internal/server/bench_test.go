package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/server"
)

// BenchmarkEvents posts over a unix socket to a hub with a journal: one event to a request from one client, the same
// from many, which share the writes to disk, and many events to a request.
func BenchmarkEvents(b *testing.B) {
	event := `{"profile": "q", "body": {"status": "FINISHED", "id": 12345, "text": "some text of a usual length, as in an event"}}` + "\n"
	for _, c := range []struct {
		name           string
		clients, batch int
	}{{"one client", 1, 1}, {"64 clients", 32, 1}, {"1000 in a request", 1, 1000}} {
		b.Run(c.name, func(b *testing.B) {
			r := serve(b, server.Options{}, hub.WithJournal(b.TempDir(), hub.JournalOptions{}))
			body := strings.Repeat(event, c.batch)
			b.SetBytes(int64(len(body)))
			b.SetParallelism(c.clients) // of each processor: two on most machines that this runs on
			b.ResetTimer()
			post := func(next func() bool) {
				for next() {
					if got := r.post(b, "/v1/events", asLines, body); got.status != http.StatusOK {
						b.Error(fmt.Errorf("status %d: %s", got.status, got.body))
					}
				}
			}
			if c.clients == 1 {
				n := 0
				post(func() bool { n++; return n <= b.N })
			} else {
				b.RunParallel(func(pb *testing.PB) { post(pb.Next) })
			}
			b.ReportMetric(float64(b.N*c.batch)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
