package hubslog

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/evhub/evhub/hub"
)

// Options change what a handler fires. The zero value is right for most.
type Options struct {
	// Level is the least level of records that become events; nil means slog.LevelInfo.
	Level slog.Leveler
	// Profile is the profile of the events; "" means "idem-logger", with AsSent "logger".
	Profile string
	// AsSent makes events that are what Idem 25 sends, which is not what it documents: profile "logger" and the body
	// {"message", "module", "level", "timestamp"}, in which the message is a formatted line with the attributes behind
	// it. Idem sends that without an envelope, which is for the destination to say: format: raw.
	AsSent bool
	// Next gets every record too, if it is enabled for it; nil means none.
	Next slog.Handler
	// Buffer is how many records may wait to be fired, and for Attach; 0 means 1024.
	Buffer int
}

// Handler is a slog.Handler that fires records as events. It is safe for concurrent use, as are the handlers that are
// derived from it; all of them are one for Attach, Dropped and Close.
type Handler struct {
	*core
	scope *scope // of the attributes given so far; nil: none
	next  slog.Handler
}

var _ slog.Handler = (*Handler)(nil)

// New returns a handler. Its records wait until Attach.
func New(o Options) *Handler {
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	size := cmp.Or(max(o.Buffer, 0), 1024)
	return &Handler{core: &core{options: o, queue: make(chan entry, size)}, next: o.Next}
}

// Attach has records fired through h from now on, those first that wait for it. It is called once, and Close after it.
func (h *Handler) Attach(to *hub.Hub) { h.attach(to) }

// Dropped returns how many records did not become events because there was no room for them.
func (h *Handler) Dropped() int64 { return h.dropped.Load() }

// Close fires what waits and returns when that is done; it waits for nothing. Later records go to the next handler
// alone. The hub is closed after it. It may be called twice.
func (h *Handler) Close() { h.end() }

// Enabled implements slog.Handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.options.Level.Level() || h.next != nil && h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler. Its error is that of the next handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= h.options.Level.Level() {
		h.enqueue(h.options.entry(r, h.scope))
	}
	if h.next != nil && h.next.Enabled(ctx, r.Level) {
		return h.next.Handle(ctx, r)
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	derived := &Handler{core: h.core, scope: h.scope.with(attrs), next: h.next}
	if h.next != nil {
		derived.next = h.next.WithAttrs(attrs)
	}
	return derived
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	derived := &Handler{core: h.core, scope: &scope{outer: h.scope, group: name, about: h.scope.destination()}, next: h.next}
	if h.next != nil {
		derived.next = h.next.WithGroup(name)
	}
	return derived
}
