package providertest

import "github.com/evhub/evhub/providers"

// Target is a provider that leads to one fresh destination, whose far end the suite controls.
type Target struct {
	// Dial is what the provider's Open returned.
	Dial providers.Dial
	// Caps are those that the provider declares for this configuration.
	Caps providers.Caps
	// Far is the receiver.
	Far FarEnd
}

// FarEnd scripts the receiver. Received is needed; every other function may be nil where the transport has no such
// thing, and the cases that need it are then skipped with that reason.
//
// The functions are called from one goroutine, while sessions may be open. A message is known by its ID, which is in
// [providers.Message] and, for receivers that see the body alone, in what [ID] returns. A fault that names an ID is
// scripted before the message is sent and happens once, to the first copy that arrives. After a fault the receiver is
// well again: it answers what comes next, on the same connection if it still stands, and on new ones.
type FarEnd struct {
	// Received returns the bodies of all messages that the receiver has stored, each as often as it was stored, in
	// the order of storing (across ordering keys any order will do).
	Received func() [][]byte
	// Refuse makes the receiver refuse the message in a way that the provider takes for permanent.
	Refuse func(id string)
	// Fail makes the receiver refuse the message, without storing it, in a way that the provider takes for retryable
	// and does not settle by itself. Where the receiver can answer for single messages, the others of the flight
	// are none of its concern.
	Fail func(id string)
	// LoseAnswer makes the receiver store the message and then cut the connection that brought it, without an answer
	// to it. It takes nothing more from that connection.
	LoseAnswer func(id string)
	// LoseMessage makes the receiver cut the connection that brings the message, without storing it or anything that
	// comes behind it on that connection.
	LoseMessage func(id string)
	// Stall makes the receiver take what comes (store it or not) and answer nothing until release is called. The
	// suite calls release once; what arrived in between may then be answered or not.
	Stall func() (release func())
	// Block makes the receiver tell or let the provider feel that it has no room, so that a Send blocks, until release
	// is called.
	Block func() (release func())
	// Cut cuts the connections that are open now.
	Cut func()
	// Connections returns how many connections are open now.
	Connections func() int
}
