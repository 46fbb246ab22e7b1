// Package hubslog makes log records events: a slog.Handler that fires each record through a hub, as Idem does with
// --log-plugin=event.
//
//	handler := hubslog.New(hubslog.Options{Next: slog.Default().Handler()})
//	logger := slog.New(handler)
//	h, err := hub.Open(ctx, file, hub.WithProviders(all.Providers()...), hub.WithLogger(logger))
//	...
//	handler.Attach(h) // what was logged so far is fired now
//	...
//	handler.Close() // before h.Close
//
// An event is what Idem documents: profile "idem-logger", the text as message, and the tags module (the Go package),
// level (a name of Python's), timestamp (Python's asctime, local time) and ref (the function). The attributes of a
// record are in one tag more, attrs, if there are any.
//
// Logging never waits: what the hub has no room for is dropped and counted, and a record tells of it as soon as there
// is room again. And it never feeds itself: what the hub logs of a destination that gets these events, say that it
// cannot be reached, is no event, and goes to the next handler alone.
package hubslog
