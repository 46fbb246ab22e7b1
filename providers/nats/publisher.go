package nats

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// publisher sends to streams without waiting, and matches their answers to what was sent. The client's own one leaves a
// goroutine behind for ever when its connection ends while it begins to listen for that end.
type publisher struct {
	conn    *nats.Conn
	prefix  string             // of the subjects that answers come to; what follows is the number of the message
	refused func(error) error  // told of a refusal at once, before anybody waits for it: less is sent past the failure
	mu      sync.Mutex         // guards the fields below
	sent    uint64             // how many messages have got a number
	waiting map[uint64]*answer // those that have no answer yet
}

// answer is what a stream says to one message, once done is closed.
type answer struct {
	done      chan struct{}
	err       error
	stream    string
	duplicate bool
}

// newPublisher listens for answers until the connection ends.
func newPublisher(conn *nats.Conn, refused func(error) error) (*publisher, error) {
	p := &publisher{conn: conn, prefix: conn.NewInbox() + ".", refused: refused, waiting: map[uint64]*answer{}}
	_, err := conn.Subscribe(p.prefix+"*", p.answered)
	return p, err
}

// publish hands m to the connection.
func (p *publisher) publish(m *nats.Msg) (*answer, error) {
	a := &answer{done: make(chan struct{})}
	p.mu.Lock()
	p.sent++
	number := p.sent
	p.waiting[number] = a
	p.mu.Unlock()
	m.Reply = p.prefix + strconv.FormatUint(number, 10)
	return a, p.conn.PublishMsg(m)
}

// answered settles the message that m answers.
func (p *publisher) answered(m *nats.Msg) {
	number, err := strconv.ParseUint(strings.TrimPrefix(m.Subject, p.prefix), 10, 64)
	if err != nil {
		return // nothing that was asked for
	}
	p.mu.Lock()
	a := p.waiting[number]
	delete(p.waiting, number)
	p.mu.Unlock()
	if a == nil {
		return
	}
	if a.read(m); a.err != nil {
		a.err = p.refused(a.err)
	}
	close(a.done)
}

// noResponders is the status of a message that the server itself sends when nobody listens to a subject.
const noResponders = "503"

// read takes the answer in.
func (a *answer) read(m *nats.Msg) {
	if len(m.Data) == 0 && m.Header.Get("Status") == noResponders {
		a.err = jetstream.ErrNoStreamResponse
		return
	}
	var body struct {
		Stream    string              `json:"stream"`
		Duplicate bool                `json:"duplicate"`
		Error     *jetstream.APIError `json:"error"`
	}
	switch err := json.Unmarshal(m.Data, &body); {
	case err != nil:
		a.err = fmt.Errorf("%w: %w", jetstream.ErrInvalidJSAck, err)
	case body.Error != nil:
		a.err = body.Error
	case body.Stream == "":
		a.err = jetstream.ErrInvalidJSAck
	}
	a.stream, a.duplicate = body.Stream, body.Duplicate
}
