package kafka

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
)

// maxAnswer bounds what a broker can make us read. Metadata of one topic with thousands of partitions stays far
// below it.
const maxAnswer = 64 << 20

// link is a connection to one broker, encrypted and logged in. Until a session reads its answers in a goroutine of
// its own, it is used by one goroutine with one request at a time.
type link struct {
	net.Conn
	address  string
	clientID string
	reader   *bufio.Reader
	versions map[protocol.ApiKey]int16 // highest that both sides know
	serial   int32                     // correlation id of the last request
	expires  time.Time                 // when the login has to be renewed; zero: never
}

// Close ends the connection at once. TLS would first say goodbye, and wait for a broker that does not listen.
func (l *link) Close() error {
	if encrypted, ok := l.Conn.(*tls.Conn); ok {
		return encrypted.NetConn().Close()
	}
	return l.Conn.Close()
}

// dialer opens links.
type dialer struct {
	clientID string
	timeout  time.Duration
	security security
}

// dial connects to a broker, agrees on versions and logs in.
func (d *dialer) dial(ctx context.Context, address string) (*link, error) {
	l, err := d.open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("broker %s: %w", address, err)
	}
	return l, nil
}

func (d *dialer) open(ctx context.Context, address string) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	conn, err := (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	l := &link{Conn: conn, address: address, clientID: d.clientID}
	if d.security.encrypted {
		if l.Conn, err = d.encrypt(ctx, conn, address); err != nil {
			conn.Close()
			return nil, err
		}
	}
	l.reader = bufio.NewReader(l.Conn)
	err = l.within(ctx, func() error {
		if err := l.agree(); err != nil {
			return err
		}
		if d.security.mechanism == nil {
			return nil
		}
		return l.login(ctx, d.security.mechanism)
	})
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (d *dialer) encrypt(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	config, err := d.security.config(host)
	if err != nil {
		return nil, err
	}
	client := tls.Client(conn, config)
	if err := client.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return client, nil
}

// within runs exchange, which is cut short when ctx ends.
func (l *link) within(ctx context.Context, exchange func() error) error {
	stop := context.AfterFunc(ctx, func() { l.SetDeadline(time.Unix(1, 0)) })
	err := exchange()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
	return err
}

// supported are the requests that the provider makes, with the lowest and the highest version that serves it. Produce
// requests are written and their answers read by this package; for the others kafka-go sets the upper bound.
var supported = map[protocol.ApiKey][2]int16{
	protocol.Produce:          {3, 8},
	protocol.Metadata:         {4, protocol.Metadata.MaxVersion()},
	protocol.InitProducerId:   {0, protocol.InitProducerId.MaxVersion()},
	protocol.SaslHandshake:    {1, protocol.SaslHandshake.MaxVersion()},
	protocol.SaslAuthenticate: {0, protocol.SaslAuthenticate.MaxVersion()},
}

// agree asks which versions the broker speaks.
func (l *link) agree() error {
	answer, err := l.exchange(0, &apiversions.Request{})
	if err != nil {
		return err
	}
	r := answer.(*apiversions.Response)
	if r.ErrorCode != 0 {
		return &answerError{code: code(r.ErrorCode)}
	}
	l.versions = make(map[protocol.ApiKey]int16)
	for _, offered := range r.ApiKeys {
		key := protocol.ApiKey(offered.ApiKey)
		if ours, ok := supported[key]; ok && offered.MinVersion <= ours[1] && offered.MaxVersion >= ours[0] {
			l.versions[key] = min(offered.MaxVersion, ours[1])
		}
	}
	for _, key := range []protocol.ApiKey{protocol.Produce, protocol.Metadata} {
		if _, ok := l.versions[key]; !ok {
			return fmt.Errorf("no common version of %s; brokers from Kafka 0.11 on are supported", key)
		}
	}
	return nil
}

// call makes a request in the agreed version and waits for its answer.
func (l *link) call(ctx context.Context, request protocol.Message) (protocol.Message, error) {
	version, ok := l.versions[request.ApiKey()]
	if !ok {
		return nil, fmt.Errorf("broker %s does not know %s requests", l.address, request.ApiKey())
	}
	var answer protocol.Message
	err := l.within(ctx, func() (err error) {
		answer, err = l.exchange(version, request)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("broker %s: %s: %w", l.address, request.ApiKey(), err)
	}
	return answer, nil
}

func (l *link) exchange(version int16, request protocol.Message) (protocol.Message, error) {
	l.serial++
	if err := protocol.WriteRequest(l.Conn, version, l.serial, l.clientID, request); err != nil {
		return nil, err
	}
	frame, err := l.frame(nil)
	if err != nil {
		return nil, err
	}
	serial, answer, err := protocol.ReadResponse(bytes.NewReader(frame), request.ApiKey(), version)
	if err != nil {
		return nil, err
	}
	if serial != l.serial {
		return nil, fmt.Errorf("answer to request %d instead of %d", serial, l.serial)
	}
	return answer, nil
}

// frame reads one answer, its length field included, into buf or, if that is too small, into new memory.
func (l *link) frame(buf []byte) ([]byte, error) {
	head, err := l.reader.Peek(4)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the broker closed the connection; check security_protocol if it does so each time")
		}
		return nil, err
	}
	size := binary.BigEndian.Uint32(head)
	switch {
	case head[0] == 0x15 && head[1] == 0x03:
		return nil, errors.New("the broker expects TLS; set security_protocol to SSL or SASL_SSL")
	case size < 4 || size > maxAnswer:
		return nil, fmt.Errorf("an answer of %d bytes; this is not a Kafka broker", size)
	}
	if cap(buf) < int(size)+4 {
		buf = make([]byte, size+4)
	}
	buf = buf[:size+4]
	if _, err := io.ReadFull(l.reader, buf); err != nil {
		return nil, err
	}
	return buf, nil
}
