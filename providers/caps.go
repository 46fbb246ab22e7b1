package providers

import "fmt"

// Order says how much order a provider's sessions keep.
type Order uint8

const (
	// None: messages of one flight may arrive in any order. The engine sends one at a time unless the user gives
	// up order.
	None Order = iota
	// Suffix: order holds, and after a failure nothing later is delivered, unless the broker refuses a single
	// message of a flight and takes a later one.
	Suffix
	// Full: order holds per ordering key, through every failure.
	Full
)

// String returns the name of the constant in lower case.
func (o Order) String() string {
	switch o {
	case None:
		return "none"
	case Suffix:
		return "suffix"
	case Full:
		return "full"
	}
	return fmt.Sprintf("Order(%d)", uint8(o))
}

// Caps is what a provider, configured in one way, can do.
type Caps struct {
	// Acked: the broker confirms each message. Not Acked: a message that was written counts as delivered.
	Acked bool
	// Order that the provider's sessions keep.
	Order Order
	// BatchMessages and BatchBytes are the most that one Send takes; 0 means no limit of the provider's own. A
	// single message may be larger than BatchBytes: it then comes alone.
	BatchMessages, BatchBytes int
	// OneByOne: each message takes a round trip of its own, so a flight of n messages may take n times the user's
	// timeout before it counts as unanswered.
	OneByOne bool
	// NoAttrs: the provider makes no use of Message.Attrs, and gets none.
	NoAttrs bool
	// Window is the most flights that a session has in the air; 0 means no limit of the provider's own.
	Window int
	// Format is the format of the bodies where the entry names none. Empty: the hub's own default.
	Format string
}
