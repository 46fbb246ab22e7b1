package providers

import "time"

// Message is one event as one destination sees it: already formatted, with the attributes that the transport may
// carry beside the body. The engine owns it and everything it points to; a provider may read it from Send until the
// Wait of that flight has returned, and neither writes to it nor keeps it longer.
type Message struct {
	// Seq is the event's number in its hub. It rises within a session, though not by one.
	Seq uint64
	// ID identifies the event across retries, destinations and restarts. A receiver recognises duplicates by it.
	ID string
	// Profile is the name under which the event was put: any valid UTF-8 up to 1 KiB, control characters included.
	// It is untrusted: a provider percent-encodes it wherever it becomes part of a protocol's syntax.
	Profile string
	// RunName is the name of the run that fired the event.
	RunName string
	// Key is the event's own ordering key; empty when it has none. See OrderingKey.
	Key string
	// ContentType is the media type of Body.
	ContentType string
	// Time is when the event was put.
	Time time.Time
	// Attempt counts the sends of this message to this destination, this one included: 1 is the first.
	Attempt int
	// Attrs are the event's CloudEvents attributes, names without prefix ("id", "source", ...), in a fixed order.
	// datacontenttype is not among them: ContentType is it, and the bindings carry it in a field of their own.
	// Empty when the body carries the attributes itself, or with Caps.NoAttrs.
	Attrs []Attr
	// Body is the formatted event.
	Body []byte
}

// Attr is one CloudEvents attribute.
type Attr struct{ Name, Value string }

// OrderingKey returns the key within which messages keep their order: Key, or the profile where there is none.
func (m *Message) OrderingKey() string {
	if m.Key != "" {
		return m.Key
	}
	return m.Profile
}
