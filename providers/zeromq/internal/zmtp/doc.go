// Package zmtp has the parts of ZMTP 3.0 and 3.1, the protocol that ZeroMQ sockets speak over a stream (ZeroMQ RFCs 23 and
// 37), that a sender needs: greeting, the mechanisms NULL and PLAIN, frames and commands. It does no more than bytes: who
// reads and writes when is the caller's.
package zmtp

// The mechanisms that this package speaks.
const (
	Null  = "NULL"
	Plain = "PLAIN"
)

// Names of commands.
const (
	Ready     = "READY"
	Error     = "ERROR"
	Ping      = "PING"
	Pong      = "PONG"
	Subscribe = "SUBSCRIBE"
	Cancel    = "CANCEL"

	hello    = "HELLO"
	welcome  = "WELCOME"
	initiate = "INITIATE"
)

// MaxPingContext is the longest context of a PING, which its PONG brings back.
const MaxPingContext = 16
