package lines

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/evhub/evhub/providers"
)

var errClosed = errors.New("the session is closed")

// session writes in Send and reads in Wait, each on the caller's goroutine. Whatever ends it closes the connection, and
// that ends the calls that are blocked.
type session struct {
	conn    net.Conn
	answers *bufio.Reader

	open context.Context // ends with the session; its cause is why
	end  context.CancelCauseFunc
}

func newSession(conn net.Conn) *session {
	s := &session{conn: conn, answers: bufio.NewReader(conn)}
	s.open, s.end = context.WithCancelCause(context.Background())
	return s
}

// fail ends the session, if nothing else has.
func (s *session) fail(err error) {
	s.end(err)
	s.conn.Close()
}

// ended returns why the session has ended, or nil.
func (s *session) ended() error { return context.Cause(s.open) }

// failWith ends the session if ctx ends before stop is called.
func (s *session) failWith(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { s.fail(context.Cause(ctx)) })
}

// greeting waits until the receiver is ready.
func (s *session) greeting(ctx context.Context) error {
	defer s.failWith(ctx)()
	line, err := s.read()
	if err == nil && line != "ok" {
		err = fmt.Errorf("the receiver is not ready: %q", line)
		s.fail(err)
	}
	return err
}

// read returns the next line of the receiver. A line that does not fit into the reader's buffer is an error.
func (s *session) read() (string, error) {
	line, err := s.answers.ReadSlice('\n')
	if err != nil {
		s.fail(fmt.Errorf("waiting for the receiver: %w", err))
		return "", s.ended()
	}
	return string(bytes.TrimSpace(line)), nil
}

// Send implements providers.Session.
func (s *session) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	if err := s.ended(); err != nil {
		return providers.Done(providers.Unsent(err))
	}
	defer s.failWith(ctx)()
	f := &flight{session: s, ids: make([]string, len(ms)), outcomes: make([]error, len(ms))}
	var text []byte
	for i, m := range ms {
		f.ids[i] = m.ID
		if bytes.ContainsRune(m.Body, '\n') {
			f.outcomes[i] = providers.Permanent(errors.New("its body has several lines"))
			continue
		}
		text = append(append(text, m.ID...), ' ')
		text = append(append(text, m.Body...), '\n')
	}
	if _, err := s.conn.Write(text); err != nil {
		s.fail(err) // which Wait will say
	}
	return f
}

// Close implements providers.Session.
func (s *session) Close(context.Context) error {
	s.fail(errClosed)
	return nil
}

// flight is what one Send has written. outcomes has the messages that were refused before.
type flight struct {
	session  *session
	ids      []string
	outcomes []error
}

// Wait implements providers.Flight.
func (f *flight) Wait(ctx context.Context) error {
	defer f.session.failWith(ctx)()
	for i, id := range f.ids {
		if f.outcomes[i] == nil {
			f.outcomes[i] = f.session.outcome(id)
		}
	}
	return providers.Batch(f.outcomes)
}

// outcome reads the answer to one message.
func (s *session) outcome(id string) error {
	if err := s.ended(); err != nil {
		return err
	}
	line, err := s.read()
	if err != nil {
		return err
	}
	if line == "ok "+id {
		return nil
	}
	if reason, refused := strings.CutPrefix(line, "refused "+id+" "); refused {
		return providers.Permanent(fmt.Errorf("the receiver refuses it: %s", reason))
	}
	s.fail(fmt.Errorf("the receiver cannot go on: %q", line))
	return s.ended()
}
