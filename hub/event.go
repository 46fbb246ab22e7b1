package hub

import (
	"time"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal/disk"
)

// Event is what a caller puts. Put encodes it before it returns; later changes to Body and Tags are not seen.
type Event struct {
	// Profile is the concrete name that patterns are matched against; "" means "default". Any valid UTF-8 up to
	// 1 KiB, control characters included.
	Profile string
	// Body is the event's content, any JSON value: what encoding/json takes, with floats spelled as Python does. A
	// json.RawMessage keeps its numbers and key order. A []byte is opaque: base64 in JSON, as it is in format raw.
	Body any
	// Tags is a JSON object: a map, a struct, or a json.RawMessage, whose key order is kept. Nil and null mean {}.
	Tags any
	// RunName names the run that fires the event; "" means the hub's.
	RunName string
	// Key is the ordering key: events of one key keep their order at each destination. "" means the profile.
	Key string
	// ID identifies the event everywhere, up to 256 visible ASCII characters; "" means a new UUIDv7.
	ID string
	// Time is when the event happened; zero means now. It is never used for order.
	Time time.Time
	// TraceParent is a W3C trace context, carried along; "" means none.
	TraceParent string
	// Position is set on events from Subscribe: where the event stands in the hub. It is ignored by Put.
	Position string
}

// The engine's types that are part of this package's API.
type (
	// Receipt says what became of one event at each destination that it matched.
	Receipt = evbus.Receipt
	// Tracked is an event whose receipt is still to come.
	Tracked = evbus.Watch
	// Result is what became of an event at one destination.
	Result = evbus.Result
	// State is how far an event has come at one destination.
	State = evbus.State
	// DeadLetter is an event that one destination refused for good.
	DeadLetter = evbus.DeadLetter
	// DestinationStats is a snapshot of one destination.
	DestinationStats = evbus.DestinationStats
	// Hooks are called as events move, for counters.
	Hooks = evbus.Hooks
	// FullError names the destination that had no room. It is an ErrQueueFull.
	FullError = evbus.FullError
)

// The states of an event at a destination.
const (
	Pending   = evbus.Pending
	Delivered = evbus.Delivered
	Dead      = evbus.Dead
	Dropped   = evbus.Dropped
	Lost      = evbus.Gone
)

// Errors that callers branch on, with errors.Is.
var (
	ErrClosed    = evbus.ErrClosed
	ErrQueueFull = evbus.ErrQueueFull
	ErrUncertain = evbus.ErrUncertain
	ErrTooLarge  = evbus.ErrTooLarge
	ErrEncode    = evbus.ErrEncode
	ErrNoRoute   = evbus.ErrNoRoute
	// ErrLocked: another process has the journal; the message names it.
	ErrLocked = disk.ErrLocked
)

// LockedError says which process has a journal. It is an ErrLocked.
type LockedError = disk.LockedError
