package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/evhub/evhub/hub"
)

// Putter takes events; a *hub.Hub does.
type Putter interface {
	PutAll(ctx context.Context, es []hub.Event) (accepted int, err error)
	PutAllTracked(ctx context.Context, es []hub.Event) ([]*hub.Tracked, error)
	NewID() string
}

// Options change how a Server works. The zero value of each field is its default.
type Options struct {
	// Logger gets what is refused, at most one line in ten seconds of a kind. The default is slog.Default.
	Logger *slog.Logger
	// Token must come as "Authorization: Bearer ..." with each request over TCP; "" means that none is needed, and then
	// only requests that name a loopback host are taken. A unix socket is guarded by its file mode alone.
	Token string
	// TLS is how TCP listeners speak; nil means in the clear. Unix sockets always do.
	TLS *tls.Config
	// RoomWait is how long a request may wait until its events are accepted: for room, and for the disk. The default is
	// 5 seconds.
	RoomWait time.Duration
	// Limits bound what clients can take up.
	Limits Limits
}

// Server answers HTTP requests with a hub. All methods are safe for concurrent use.
type Server struct {
	hub      Putter
	logger   *slog.Logger
	token    *[sha256.Size]byte // nil if none is needed
	tls      *tls.Config        // nil for none
	roomWait time.Duration
	limits   Limits
	slots    *slots
	refusals *refusals
	http     *http.Server

	accepted, refused atomic.Int64
}

// New returns a server that puts what it gets into h. It serves nothing until Serve.
func New(h Putter, o Options) *Server {
	s := &Server{hub: h, logger: o.Logger, tls: o.TLS, roomWait: o.RoomWait, limits: o.Limits.withDefaults()}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	if s.roomWait == 0 {
		s.roomWait = 5 * time.Second
	}
	if o.Token != "" {
		sum := sha256.Sum256([]byte(o.Token))
		s.token = &sum
	}
	s.slots = newSlots(s.limits)
	s.refusals = newRefusals(s.logger)
	s.http = &http.Server{
		Handler:           s.routes(),
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: s.limits.HeaderTimeout,
		ReadTimeout:       s.limits.ReadTimeout,
		IdleTimeout:       s.limits.IdleTimeout,
		MaxHeaderBytes:    s.limits.HeaderBytes,
	}
	return s
}

// Serve answers what comes over l until Shutdown or Close, and returns nil then. It closes l. It may be called for
// several listeners.
func (s *Server) Serve(l net.Listener) error {
	overUnix := l.Addr().Network() == "unix"
	l = limitConns(l, s.limits.Connections)
	if s.tls != nil && !overUnix {
		l = tls.NewListener(l, s.tls)
	}
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown closes the listeners and waits until every request is answered, or ctx ends. Requests that come meanwhile over
// open connections are answered as well.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Close ends all connections at once. Requests that wait for something are not answered any more.
func (s *Server) Close() error { return s.http.Close() }

// Counts are how many events a server has accepted and refused so far.
type Counts struct{ Accepted, Refused int64 }

// Counts returns a snapshot.
func (s *Server) Counts() Counts { return Counts{s.accepted.Load(), s.refused.Load()} }

// routes leads requests to what answers them.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", s.health)
	mux.Handle("/v1/events", s.guarded(s.events))
	mux.Handle("/v1/runner", s.guarded(s.runner))
	mux.Handle("/{$}", s.guarded(s.runner)) // where ansible-runner-http posts over a socket without runner_http_path
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, refusal(http.StatusNotFound, "there is nothing at this path: POST to /v1/events or /v1/runner, GET /healthz"))
	})
	return mux
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.fail(w, r, refusal(http.StatusMethodNotAllowed, "GET is the method here, not %.20q", r.Method))
		return
	}
	s.answer(w, http.StatusOK, map[string]string{"status": "ok"})
}
