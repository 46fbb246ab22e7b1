package nats_test

import (
	"runtime"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
)

// TestCloseDuringTheFirstSend looks for what the client's publisher leaves behind when the connection ends while it begins
// to listen for that end.
func TestCloseDuringTheFirstSend(t *testing.T) {
	srv := start(t, nil)
	stream(t, observer(t, srv), jetstream.StreamConfig{})
	dial := open(t, environment(), to(srv))
	before := goleak.IgnoreCurrent()
	for i := range 1000 {
		s, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			wait(t, s.Send(t.Context(), numbered("a")), 1)
		}()
		for range i % 100 {
			runtime.Gosched()
		}
		closeSession(t, s)
		<-sent
	}
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*Server).startGoRoutine.func1"))
}
