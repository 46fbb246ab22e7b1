package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/server"
)

// observed is a hub that remembers where the body of the last event was.
type observed struct {
	server.Putter
	body chan weak.Pointer[byte]
}

func (o observed) PutAllTracked(ctx context.Context, es []hub.Event) ([]*hub.Tracked, error) {
	text := es[0].Body.(json.RawMessage)
	o.body <- weak.Make(&text[0])
	return o.Putter.PutAllTracked(ctx, es)
}

// TestWhoWaitsForReceiptsHoldsNoBody checks that what was put takes no memory of the request any more, as it has given
// back what bounds that.
func TestWhoWaitsForReceiptsHoldsNoBody(t *testing.T) {
	r := serve(t, server.Options{})
	o := observed{r.hub, make(chan weak.Pointer[byte], 1)}
	r.Server = server.New(o, server.Options{Logger: slog.New(slog.DiscardHandler)})
	r.listen(t, false)
	release := r.other.Stall()
	answer := make(chan response)
	go func() {
		answer <- r.post(t, "/v1/events?wait=true", asLines, `{"profile": "q", "id": "a", "body": "`+strings.Repeat("x", 1<<16)+`"}`+"\n{}")
	}()
	body := <-o.body
	for end := time.Now().Add(10 * time.Second); body.Value() != nil && time.Now().Before(end); {
		runtime.GC()
	}
	if body.Value() != nil {
		t.Error("the body is kept")
	}
	release()
	(<-answer).want(t, 400, `"ids":["a",null]`, `"state":"delivered"`)
}
