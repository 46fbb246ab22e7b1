package logs

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// stream is a JetStream file stream in a server within the process, reached without a socket.
type stream struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	acks   []jetstream.PubAckFuture
}

// JetStreamSyncAlways is an embedded NATS server that syncs each message before it acknowledges it.
func JetStreamSyncAlways(dir string, _ int) (Store, error) {
	return openStream(&server.Options{StoreDir: dir, SyncAlways: true})
}

// JetStreamDefault is an embedded NATS server as it comes: it syncs every two minutes, and acknowledges before.
func JetStreamDefault(dir string, _ int) (Store, error) {
	return openStream(&server.Options{StoreDir: dir})
}

const subject = "log"

func openStream(o *server.Options) (Store, error) {
	o.JetStream, o.DontListen, o.NoSigs, o.NoLog = true, true, true, true
	s, err := server.NewServer(o)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the NATS server does not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	_, err = js.CreateStream(context.Background(), jetstream.StreamConfig{
		Name: subject, Subjects: []string{subject}, Storage: jetstream.FileStorage,
	})
	return &stream{server: s, conn: conn, js: js}, err
}

func (s *stream) append(bodies [][]byte) error {
	s.acks = s.acks[:0]
	for _, b := range bodies {
		ack, err := s.js.PublishAsync(subject, b)
		if err != nil {
			return err
		}
		s.acks = append(s.acks, ack)
	}
	for _, ack := range s.acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return err
		}
	}
	return nil
}

func (s *stream) count() (int, error) {
	st, err := s.js.Stream(context.Background(), subject)
	if err != nil {
		return 0, err
	}
	return int(st.CachedInfo().State.Msgs), nil
}

func (s *stream) close() error {
	s.conn.Close()
	s.server.Shutdown()
	s.server.WaitForShutdown()
	return nil
}
