package demo

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// stream is a NATS server with JetStream, in this process, and an observer of its own that reads what it stored.
type stream struct {
	server *server.Server
	conn   *nats.Conn
	closed chan struct{}
	stored jetstream.Stream
	bodies [][]byte // once stopped
}

const (
	streamName = "IDEM"
	startTime  = 5 * time.Second
)

func startStream(ctx context.Context, dir string) (*stream, error) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: filepath.Join(dir, "nats"),
		NoLog: true, NoSigs: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, err
	}
	s.Start()
	st := &stream{server: s, closed: make(chan struct{})}
	if err := st.connect(ctx); err != nil {
		_ = st.stop(ctx) // the first error says more
		return nil, err
	}
	return st, nil
}

func (s *stream) connect(ctx context.Context) (err error) {
	if !s.server.ReadyForConnections(startTime) {
		return errors.New("it does not start")
	}
	s.conn, err = nats.Connect(s.server.ClientURL(), nats.ClosedHandler(func(*nats.Conn) { close(s.closed) }))
	if err != nil {
		return err
	}
	js, err := jetstream.New(s.conn)
	if err != nil {
		return err
	}
	s.stored, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: streamName, Subjects: []string{"*"}})
	return err
}

func (s *stream) url() string { return s.server.ClientURL() }

// count asks the server how many messages it has stored.
func (s *stream) count(ctx context.Context) (int, error) {
	info, err := s.stored.Info(ctx)
	if err != nil {
		return 0, err
	}
	return int(info.State.Msgs), nil
}

// stop reads what was stored and ends the server.
func (s *stream) stop(ctx context.Context) (err error) {
	if s.stored != nil {
		err = s.read(ctx)
	}
	if s.conn != nil {
		s.conn.Close()
		<-s.closed
	}
	s.server.Shutdown()
	s.server.WaitForShutdown()
	return err
}

func (s *stream) read(ctx context.Context) error {
	n, err := s.count(ctx)
	if err != nil || n == 0 {
		return err
	}
	consumer, err := s.stored.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	batch, err := consumer.Fetch(n)
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		s.bodies = append(s.bodies, m.Data())
	}
	return batch.Error()
}
