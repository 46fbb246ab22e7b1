package server_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/evhub/evhub/internal/server"
)

// TestShutdownAnswersWhatHasCome stops a server that many clients use. Those that got an answer know what became of their
// events; of the others nothing was accepted.
func TestShutdownAnswersWhatHasCome(t *testing.T) {
	for range 5 {
		r := serve(t, server.Options{})
		var accepted, refused atomic.Int64
		var clients sync.WaitGroup
		enough := make(chan struct{})
		for c := range 8 {
			clients.Go(func() {
				for i := 0; ; i++ {
					body := fmt.Sprintf(`[{"profile": "q", "body": 1, "id": "%d-%d"}, {"profile": "q", "body": 2}]`, c, i)
					got, err := r.unix.Do(request(t, http.MethodPost, "http://localhost/v1/events", asJSON, body))
					if err != nil {
						return // it listens no more
					}
					switch got.StatusCode {
					case 200:
						if accepted.Add(2) == 400 {
							close(enough)
						}
					default:
						refused.Add(2)
					}
					_ = got.Body.Close()
				}
			})
		}
		<-enough
		if err := r.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		clients.Wait()
		if err := r.hub.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if has := r.hub.Stats().Accepted; has != accepted.Load() || r.Counts() != (server.Counts{Accepted: has, Refused: refused.Load()}) {
			t.Errorf("the hub has %d events, the clients were told of %d and %d refused; counts %+v", has, accepted.Load(), refused.Load(), r.Counts())
		}
	}
}

// TestWhoWaitsSeesTheEnd checks that receipts still come while the hub closes.
func TestWhoWaitsSeesTheEnd(t *testing.T) {
	r := serve(t, server.Options{})
	release := r.broker.Stall()
	answered := make(chan response)
	go func() {
		answered <- r.post(t, "/v1/events?wait=true", asJSON, `{"profile": "p", "body": 1}`)
	}()
	arrived(t, r.broker, 1)
	down := make(chan error)
	go func() { down <- r.Shutdown(t.Context()) }()
	closed := make(chan error)
	go func() { closed <- r.hub.Close(t.Context()) }()
	release()
	(<-answered).want(t, 200, `"state":"delivered"`)
	if err := <-down; err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestHealth(t *testing.T) {
	r := serve(t, server.Options{Token: "a-token-of-some-length"})
	head, err := r.tcp.Do(request(t, http.MethodHead, r.url+"/healthz", "", ""))
	if err != nil || head.StatusCode != 200 {
		t.Fatalf("HEAD: %v, %v", head, err)
	}
	_ = head.Body.Close()
	do(t, r.tcp, request(t, http.MethodGet, r.url+"/healthz", "", "")).want(t, 200, `{"status":"ok"}`)
}
