package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
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
	r := serve(t, server.Options{Limits: server.Limits{HeaderTimeout: 50 * time.Millisecond, ReadTimeout: 100 * time.Millisecond, Requests: 1}})
	inHead, inBody := dial(t, r), dial(t, r)
	fmt.Fprint(inHead, "POST /v1/events HTTP/1.1\r\nHost:")
	fmt.Fprintf(inBody, head+`{"body"`, len(one))
	if rest, err := io.ReadAll(inHead); err != nil || strings.Contains(string(rest), "200") {
		t.Errorf("a head that does not end: %q, %v", rest, err)
	}
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
		r.post(t, "/"+strings.Repeat("p", 1000), asJSON, "").want(t, 404)
	}
	log := r.log.String()
	if n := strings.Count(log, "level=WARN"); n != 2 || len(log) > 2000 || strings.Contains(log, "\x1b") {
		t.Errorf("%d lines, %d bytes: %s", n, len(log), log)
	}
}
