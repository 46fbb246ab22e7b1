package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/server"
)

func TestBodiesThatAreTooLarge(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{RequestBytes: 1000, RequestEvents: 3}})
	long := `{"body": "` + strings.Repeat("x", 1000) + `"}`
	r.post(t, "/v1/events", asJSON, long).want(t, 413, "the body is larger than 1000 bytes")
	chunked := request(t, http.MethodPost, "http://localhost/v1/events", asJSON, long)
	chunked.ContentLength = -1
	do(t, r.unix, chunked).want(t, 413, "the body is larger than 1000 bytes")
	r.post(t, "/v1/events", asJSON, `[`+one+`,`+one+`,`+one+`,`+one+`]`).want(t, 413, "more than 3 events")
	r.post(t, "/v1/events", asLines, strings.Repeat(one+"\n", 4)).want(t, 413, "more than 3 events")
	if n := r.hub.Stats().Accepted; n != 0 {
		t.Errorf("%d events were accepted", n)
	}
	announced := dial(t, r)
	fmt.Fprintf(announced, head, 1<<20) // and nothing follows
	if answer, err := http.ReadResponse(bufio.NewReader(announced), nil); err != nil || answer.StatusCode != 413 {
		t.Errorf("a large body that is announced: %v, %v", answer, err)
	}
	r.post(t, "/v1/events", asLines, strings.Repeat(one+"\n\n", 3)).want(t, 200)
	if n := r.Busy(); n != 0 {
		t.Errorf("%d requests hold slots", n)
	}
}

// TestTooManyRequestsAtATime checks both bounds, that of the requests and that of their bytes, and that those who wait
// for receipts take up neither.
func TestTooManyRequestsAtATime(t *testing.T) {
	for name, limits := range map[string]server.Limits{"requests": {Requests: 1}, "bytes": {TotalBytes: 1500}} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, server.Options{Limits: limits})
			release := r.broker.Stall()
			receipt := make(chan response)
			go func() { receipt <- r.post(t, "/v1/events?wait=true", asJSON, large("1")) }()
			arrived(t, r.broker, 1)
			waiting(t, r, 0)
			second := make(chan response)
			go func() { second <- r.post(t, "/v1/events", asJSON, large("2")) }() // waits for room
			waiting(t, r, 1)
			busy := r.post(t, "/v1/events", asJSON, `{"profile": "q", "body": "`+strings.Repeat("x", 500)+`"}`)
			busy.want(t, 503, "too many requests at the same time")
			if busy.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			release()
			(<-second).want(t, 200)
			(<-receipt).want(t, 200)
			r.post(t, "/v1/events", asJSON, one).want(t, 200)
		})
	}
}

// dial connects to the socket.
func dial(t *testing.T, r *rig) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", r.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

const head = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

func TestSlowClients(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{HeaderTimeout: 50 * time.Millisecond}})
	inHead := dial(t, r)
	fmt.Fprint(inHead, "POST /v1/events HTTP/1.1\r\nHost:")
	if rest, err := io.ReadAll(inHead); err != nil || strings.Contains(string(rest), "200") {
		t.Errorf("a head that does not end: %q, %v", rest, err)
	}
	r = serve(t, server.Options{Limits: server.Limits{ReadTimeout: 50 * time.Millisecond, Requests: 1}})
	inBody := dial(t, r)
	fmt.Fprintf(inBody, head+`{"body"`, len(one))
	answer, err := http.ReadResponse(bufio.NewReader(inBody), nil)
	if err != nil || answer.StatusCode != http.StatusRequestTimeout {
		t.Fatalf("a body that does not end: %v, %v", answer, err)
	}
	r.post(t, "/v1/events", asJSON, one).want(t, 200)
}

// TestATimeoutForReadingIsNoneForWaiting checks that a client may wait longer for receipts than it may take to send.
func TestATimeoutForReadingIsNoneForWaiting(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{ReadTimeout: 50 * time.Millisecond}})
	release := r.broker.Stall()
	time.AfterFunc(150*time.Millisecond, release)
	r.post(t, "/v1/events?wait=true", asJSON, `{"profile": "p", "body": 1}`).want(t, 200, `"state":"delivered"`)
}

// TestABodyOfUnknownLengthCountsAsTheLongest checks that bodies in chunks do not get past the bound of all bodies.
func TestABodyOfUnknownLengthCountsAsTheLongest(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{RequestBytes: 2000, TotalBytes: 1000}})
	chunked := request(t, http.MethodPost, "http://localhost/v1/events", asJSON, one)
	chunked.ContentLength = -1
	do(t, r.unix, chunked).want(t, 503, "too many requests")
	r.post(t, "/v1/events", asJSON, one).want(t, 200)
}

// TestAClientThatDoesNotRead checks that an answer that nobody takes does not hold up the end.
func TestAClientThatDoesNotRead(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{WriteTimeout: 50 * time.Millisecond}})
	conn := dial(t, r)
	body := "[" + strings.Repeat(one+",", 9999) + one + "]"
	fmt.Fprintf(conn, head+body, len(body))
	arrived(t, r.other, 10_000)
	if err := r.Shutdown(t.Context()); err != nil { // it would wait for the answer
		t.Error(err)
	}
}

// failing is a listener that has no connection for a while, as one has for which there are no file descriptors.
type failing struct {
	net.Listener
	left int
}

func (f *failing) Accept() (net.Conn, error) {
	if f.left--; f.left >= 0 {
		return nil, syscall.EMFILE
	}
	return f.Listener.Accept()
}

func TestAnAcceptThatFailsTakesNoConnectionAway(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{Connections: 1}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- r.Serve(&failing{l, 3}) }()
	do(t, r.tcp, request(t, http.MethodPost, "http://"+l.Addr().String()+"/v1/events", asJSON, one)).want(t, 200)
	r.tcp.CloseIdleConnections()
	if err := r.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestABodyThatIsCutOff(t *testing.T) {
	r := serve(t, server.Options{})
	conn := dial(t, r)
	fmt.Fprintf(conn, head+one, len(one)+1)
	_ = conn.(*net.UnixConn).CloseWrite()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Fatalf("%v, %v", answer, err)
	}
	if n := r.hub.Stats().Accepted; n != 0 {
		t.Errorf("%d events were accepted", n)
	}
}

func TestConnectionsWaitForEachOther(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{Connections: 1}})
	first, second := dial(t, r), dial(t, r)
	fmt.Fprintf(second, head+one, len(one)) // taken by the kernel alone
	fmt.Fprintf(first, head+one, len(one))
	if answer, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil || answer.StatusCode != 200 {
		t.Fatalf("%v, %v", answer, err)
	}
	if n := r.Counts().Accepted; n != 1 {
		t.Errorf("%d events accepted over one connection", n)
	}
	_ = first.Close()
	if answer, err := http.ReadResponse(bufio.NewReader(second), nil); err != nil || answer.StatusCode != 200 {
		t.Fatalf("%v, %v", answer, err)
	}
}

func TestAHeadThatIsTooLarge(t *testing.T) {
	r := serve(t, server.Options{Limits: server.Limits{HeaderBytes: 1000}})
	conn := dial(t, r)
	fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 10_000))
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != 431 {
		t.Errorf("%v, %v", answer, err)
	}
}

// TestAFloodOfRefusalsIsLoggedInALine checks that neither the log nor anybody's memory grows with bad requests.
func TestAFloodOfRefusalsIsLoggedInALine(t *testing.T) {
	r := serve(t, server.Options{})
	for range 200 {
		r.post(t, "/v1/events", asLines, "{\"body\": 1, \"x\x1b]0;title\": 2}\n"+strings.Repeat("bad\n", 50)).want(t, 400)
		r.post(t, "/"+strings.Repeat("p", 10_000), asJSON, "").want(t, 404)
	}
	log := r.log.String()
	if n := strings.Count(log, "level=WARN"); n != 2 || len(log) > 2000 || strings.Contains(log, "\x1b") {
		t.Errorf("%d lines, %d bytes: %s", n, len(log), log)
	}
}
