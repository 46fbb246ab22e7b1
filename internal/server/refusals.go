package server

import (
	"log/slog"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"
)

// refusals logs what is refused, one line in a while for each status: whoever floods the server must not flood the log.
type refusals struct {
	logger *slog.Logger

	mu sync.Mutex
	of map[int]*refused
}

// refused are the refusals with one status.
type refused struct {
	logged time.Time
	since  int // the newest line
}

// refusalsEvery is how often refusals with the same status are logged.
const refusalsEvery = 10 * time.Second

// mostLogged is how much of an error is logged, in bytes.
const mostLogged = 300

func newRefusals(l *slog.Logger) *refusals { return &refusals{logger: l, of: map[int]*refused{}} }

// note logs a refusal, or counts it for the next line.
func (f *refusals) note(r *http.Request, status int, err error) {
	now := time.Now()
	f.mu.Lock()
	of := f.of[status]
	if of == nil {
		of = &refused{}
		f.of[status] = of
	}
	if now.Sub(of.logged) < refusalsEvery {
		of.since++
		f.mu.Unlock()
		return
	}
	unlogged := of.since
	*of = refused{logged: now}
	f.mu.Unlock()
	f.logger.Warn("a request was refused", "status", status, "path", shortened(r.URL.Path, 100), "from", r.RemoteAddr,
		"error", shortened(err.Error(), mostLogged), "not_logged", unlogged)
}

// shortened is text up to most bytes, or less where these would end within a character.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "..."
}
