package zeromq

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

var (
	errClosed = errors.New("the session is closed")
	errNoPing = errors.New("the peer speaks ZMTP 3.0, which has no PING to ask whether it has read an event; " +
		"give confirm: false, and written counts as delivered")
)

// maxIncoming is the largest frame that a peer may send: it has nothing to say but commands and subscriptions.
const maxIncoming = 64 << 10

// peer is the other end of one connection, after the handshake. Whatever ends it closes the connection, and that ends the
// calls that are blocked.
type peer struct {
	conn     net.Conn
	in       *bufio.Reader
	password string // which the peer may repeat, and no error may

	writing sync.Mutex // held while a write runs, so that frames stay whole

	open context.Context // ends with the peer; its cause is why
	end  context.CancelCauseFunc
	left chan struct{} // closed when nothing is read any more
}

// greet makes a peer of a connection, or closes it.
func greet(ctx context.Context, conn net.Conn, role zmtp.Role) (*peer, zmtp.Peer, error) {
	p := &peer{conn: conn, in: bufio.NewReader(conn), password: role.Password, left: make(chan struct{})}
	p.open, p.end = context.WithCancelCause(context.Background())
	defer p.stopWith(ctx)()
	about, err := zmtp.Handshake(p.in, conn, role)
	if cause := context.Cause(p.open); cause != nil {
		err = fmt.Errorf("no handshake in time: %w", cause)
	}
	if err != nil {
		err = p.redact(err)
		p.stop(err)
		return nil, zmtp.Peer{}, err
	}
	return p, about, nil
}

// stop ends the peer, unless something has already.
func (p *peer) stop(err error) {
	p.end(err)
	p.conn.Close()
}

// ended returns why the peer has ended, or nil.
func (p *peer) ended() error { return context.Cause(p.open) }

// stopWith ends the peer if ctx ends before the returned function is called.
func (p *peer) stopWith(ctx context.Context) (done func() bool) {
	return context.AfterFunc(ctx, func() { p.stop(context.Cause(ctx)) })
}

// write returns how many bytes of data went out. An error has ended the peer.
func (p *peer) write(data []byte) (int, error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := p.ended(); err != nil {
		return 0, err
	}
	n, err := p.conn.Write(data)
	if err != nil {
		p.stop(err)
		return n, p.ended()
	}
	return n, nil
}

// read hands frames to take until the peer ends. It answers what concerns only the connection itself.
func (p *peer) read(take func(zmtp.Frame) error) {
	defer close(p.left)
	for {
		f, err := zmtp.ReadFrame(p.in, maxIncoming)
		if errors.Is(err, io.EOF) {
			err = errors.New("the peer has closed the connection")
		}
		if err == nil {
			err = p.handle(f, take)
		}
		if err != nil {
			p.stop(p.redact(err))
			return
		}
	}
}

// shortSecret is the length below which a password stays in what is quoted: to take it out would only riddle the text.
const shortSecret = 4

// redact takes the password out of what err quotes of the peer.
func (p *peer) redact(err error) error {
	quoted := strconv.Quote(p.password)
	quoted = quoted[1 : len(quoted)-1]
	if len(p.password) < shortSecret || !strings.Contains(err.Error(), quoted) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), quoted, providers.Secret{}.String()))
}

func (p *peer) handle(f zmtp.Frame, take func(zmtp.Frame) error) error {
	if !f.Command {
		return take(f)
	}
	name, data, err := zmtp.ParseCommand(f.Body)
	if err != nil {
		return err
	}
	switch name {
	case zmtp.Ping:
		context, err := zmtp.PingContext(data)
		if err != nil {
			return err
		}
		_, err = p.write(zmtp.AppendCommand(nil, zmtp.Pong, context))
		if errors.Is(err, errClosed) {
			return nil // it still reads what it was sent
		}
		return err
	case zmtp.Error:
		return zmtp.Refused(data)
	}
	return take(f)
}

// close ends the peer and waits until nothing runs for it. Polite: it first says that nothing more comes and lets the peer
// read up to that, as long as ctx allows: what is closed with something unread in it takes what it has sent down with it.
func (p *peer) close(ctx context.Context, polite bool) {
	whole := p.writing.TryLock() // no frame is torn
	p.end(errClosed)             // no write begins from here on
	if whole {
		p.writing.Unlock()
	}
	if half, ok := p.conn.(interface{ CloseWrite() error }); polite && whole && ok && half.CloseWrite() == nil {
		ctx, cancel := context.WithTimeout(ctx, farewellTime)
		defer cancel()
		select {
		case <-p.left:
		case <-ctx.Done():
		}
	}
	p.stop(errClosed)
	<-p.left
}

// farewellTime is the longest wait for a peer to read what was sent before the end.
const farewellTime = 2 * time.Second
