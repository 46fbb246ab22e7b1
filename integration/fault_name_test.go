package integration

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/oracle"
)

// nameServer answers every question for an IPv4 address with one address, or that there is no such name.
type nameServer struct {
	net.PacketConn
	address atomic.Pointer[net.IP] // nil: no such name
}

// resolveHere has this process ask a name server of the test.
func resolveHere(t *testing.T) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{PacketConn: conn}
	var serving sync.WaitGroup
	serving.Go(s.serve)
	system := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = system
		_ = conn.Close()
		serving.Wait()
	})
	return s
}

func (s *nameServer) serve() {
	buf := make([]byte, 512)
	for {
		n, from, err := s.ReadFrom(buf)
		if err != nil {
			return
		}
		if n > 12 {
			_, _ = s.WriteTo(answer(buf[:n], s.address.Load()), from)
		}
	}
}

// answer makes the answer to a question (RFC 1035, section 4).
func answer(question []byte, address *net.IP) []byte {
	const headerSize, noSuchName, typeA = 12, 3, 1
	end := headerSize
	for question[end] > 0 {
		end += 1 + int(question[end])
	}
	kind := binary.BigEndian.Uint16(question[end+1:])
	end += 5 // the final zero, type, class
	a := append([]byte{}, question[:end]...)
	a[2], a[3] = 0x81, 0x80 // an answer, with recursion
	binary.BigEndian.PutUint16(a[6:], 0)
	binary.BigEndian.PutUint32(a[8:], 0)
	switch {
	case address == nil:
		a[3] |= noSuchName
	case kind == typeA:
		a[7] = 1
		a = append(a, 0xc0, headerSize, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4)
		a = append(a, address.To4()...)
	}
	return a
}

// T47: a name that is not known, then leads where nobody listens, then to the broker.
func TestFaultNameMoves(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("name")
	f, d := newFanOut(t, k, r, "fault-name"), startFar(t, ctx)
	const name = "moves.evhub.test"
	named := func(addr string) string {
		_, port := splitAddr(addr)
		return fmt.Sprintf("%s:%d", name, port)
	}
	f.kafka, f.url = named(k.Nodes[0].Addr), r.URLVia(named(r.Addr()))
	delivery := "delivery: {timeout: 2s, retry: {min: 20ms, max: 200ms}}"
	text := f.yaml() + fmt.Sprintf("nats: {\"*\": {name: stream, servers: %q, subject: events, %s}}\nhttp: {\"*\": {name: hook, url: \"http://%s/hook\", %s}}\n",
		"nats://"+named(d.nats.addr), delivery, named(d.http.addr), delivery)
	server := resolveHere(t)
	h := openHub(t, text)
	put(t, ctx, h, o, 100)
	all := []string{kafkaName, amqpName, natsName, httpName}
	for _, name := range all {
		stuck(t, ctx, h, name, "no such host")
	}
	nobody, broker := net.IPv4(127, 0, 0, 99), net.IPv4(127, 0, 0, 1)
	server.address.Store(&nobody)
	for _, name := range all {
		stuck(t, ctx, h, name, "refused")
	}
	server.address.Store(&broker)
	restored(t, ctx, h)
	f.verify(t, ctx, k, r, o, 0)
	d.verify(t, ctx, o, 0)
}
