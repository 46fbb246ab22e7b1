package nats_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/evhub/evhub/internal/faultproxy"
	evnats "github.com/evhub/evhub/providers/nats"
	"github.com/evhub/evhub/providers/providertest"
)

func TestContract(t *testing.T) {
	t.Run("jetstream", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Target {
			far := newScriptedStream(t)
			target := far.target(t, true)
			target.Far.Refuse = func(id string) { far.script(id, answerTooLarge) }
			target.Far.Fail = func(id string) { far.script(id, answerFull) }
			target.Far.LoseAnswer = func(id string) { far.script(id, loseAnswer) }
			target.Far.LoseMessage = func(id string) { far.script(id, loseMessage) }
			target.Far.Block = far.block
			target.Far.Stall = far.stall
			return target
		})
	})
	t.Run("core", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Target { return newScriptedStream(t).target(t, false) })
	})
}

// Answers of a stream.
const (
	answerStored   = `{"stream": "EVENTS", "seq": 1}`
	answerTooLarge = `{"error": {"code": 400, "err_code": 10054, "description": "message size exceeds maximum allowed"}}`
	answerFull     = `{"error": {"code": 503, "err_code": 10077, "description": "maximum messages exceeded"}}`
	loseAnswer     = ""  // store and cut the connection
	loseMessage    = "-" // cut it without storing
)

// scriptedStream is a subscriber that answers as a stream does, behind a proxy that can cut connections.
type scriptedStream struct {
	proxy *faultproxy.Proxy

	mu      sync.Mutex // guards the fields below
	answers map[string]string
	dead    map[string]bool // prefixes of reply subjects, one for each connection
	stored  [][]byte
	stalled chan struct{} // nil: not stalled
}

func newScriptedStream(t *testing.T) *scriptedStream {
	srv := start(t, func(o *server.Options) { o.JetStream = false })
	s := &scriptedStream{proxy: proxied(t, srv), answers: make(map[string]string), dead: make(map[string]bool)}
	nc := observer(t, srv).Conn()
	if _, err := nc.Subscribe("providertest", s.take); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scriptedStream) target(t *testing.T, jetStream bool) providertest.Target {
	conn := connection(t, func(c *evnats.Config) {
		through(s.proxy)(c)
		c.JetStream = jetStream
	})
	dial, err := conn.Open(environment())
	if err != nil {
		t.Fatal(err)
	}
	return providertest.Target{Dial: dial, Caps: conn.Caps, Far: providertest.FarEnd{
		Received:    s.received,
		Cut:         s.proxy.ResetAll,
		Connections: func() int { return s.proxy.Stats().Open },
	}}
}

// take is called for one message after the other.
func (s *scriptedStream) take(m *nats.Msg) {
	s.mu.Lock()
	stalled := s.stalled
	s.mu.Unlock()
	if stalled != nil {
		<-stalled
	}
	id, from := m.Header.Get("Nats-Msg-Id"), m.Reply[:strings.LastIndexByte(m.Reply, '.')+1]
	s.mu.Lock()
	defer s.mu.Unlock()
	if from != "" && s.dead[from] {
		return
	}
	answer, scripted := s.answers[id]
	delete(s.answers, id)
	switch {
	case !scripted:
		answer = answerStored
		s.stored = append(s.stored, m.Data)
	case answer == loseAnswer || answer == loseMessage:
		if answer == loseAnswer {
			s.stored = append(s.stored, m.Data)
		}
		s.dead[from] = true
		s.proxy.ResetAll()
		return
	}
	if m.Reply != "" {
		_ = m.Respond([]byte(answer))
	}
}

func (s *scriptedStream) received() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]byte(nil), s.stored...)
}

func (s *scriptedStream) script(id, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[id] = answer
}

func (s *scriptedStream) block() (release func()) {
	_ = s.proxy.Set(faultproxy.Faults{Blackhole: true})
	return func() { _ = s.proxy.Set(faultproxy.Faults{}) }
}

func (s *scriptedStream) stall() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stalled := make(chan struct{})
	s.stalled = stalled
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stalled = nil
		close(stalled)
	}
}
