package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/evhub/evhub/providers"
)

// Send implements providers.Session. It blocks while the connection's buffer is full; a ctx that ends meanwhile costs
// the connection.
func (s *session) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	defer context.AfterFunc(ctx, func() { s.abort(ctx.Err()) })()
	f := flight{session: s, messages: ms, outcomes: make([]error, len(ms))}
	if s.stream == nil {
		for i := range ms {
			f.outcomes[i] = s.publish(&ms[i], s.conn.PublishMsg)
		}
		return coreFlight{f}
	}
	answers := make([]*answer, len(ms))
	for i := range ms {
		f.outcomes[i] = s.publish(&ms[i], func(m *nats.Msg) (err error) {
			answers[i], err = s.stream.publish(m)
			return err
		})
	}
	return streamFlight{f, answers}
}

// flight is what both kinds of flight have in common. An outcome of nil is, until Wait, one that is still to come.
type flight struct {
	session  *session
	messages []providers.Message
	outcomes []error
}

// publish gives m to the connection. Nil means that its outcome is still to come.
func (s *session) publish(m *providers.Message, give func(*nats.Msg) error) error {
	if s.open.Err() != nil {
		return s.unsent()
	}
	subject, err := s.subject(m)
	if err != nil {
		return err
	}
	err = give(s.message(m, subject))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload):
		return providers.Permanent(s.failed(fmt.Errorf("%d bytes: %w (max_payload of the server: %d)", len(m.Body), err, s.conn.MaxPayload())))
	case errors.Is(err, nats.ErrConnectionClosed):
		err = providers.Unsent(s.failed(err))
	default:
		err = s.failed(err) // part of it may have been written
	}
	s.stop(err)
	return err
}

// messageID is what a stream recognises a repeated message by: the event's ID. Under a subject of the destination's own
// the subject belongs to it, or a stream that two destinations feed would keep only one copy of the event.
func (s *session) messageID(m *providers.Message) string {
	if s.config.JetStream && s.config.Subject != "" {
		return m.ID + "/" + s.config.Subject
	}
	return m.ID
}

// message carries m.
func (s *session) message(m *providers.Message, subject string) *nats.Msg {
	h := make(nats.Header, 3+len(m.Attrs))
	h[jetstream.MsgIDHeader] = []string{providers.HeaderValue(s.messageID(m))}
	if m.ContentType != "" {
		h["Content-Type"] = []string{m.ContentType}
	}
	if s.config.Stream != "" {
		h[jetstream.ExpectedStreamHeader] = []string{s.config.Stream}
	}
	for _, a := range m.Attrs {
		h["ce-"+a.Name] = []string{providers.HeaderValue(a.Value)}
	}
	return &nats.Msg{Subject: subject, Header: h, Data: m.Body}
}
