// Package amqp delivers events to RabbitMQ and other AMQP 0-9-1 brokers. A delivery is a publisher confirm: for a
// persistent message and a durable queue the broker has it on disk.
//
// A session is one connection with one channel in confirm mode. Its parts, one file each:
//
//	dial.go      TCP, TLS, login, channel, check of the exchange
//	session.go   the life of a session: what ends it, and the goroutine that watches for it
//	send.go      publishing: what is refused here, what must be waited for, then the frames
//	flight.go    confirmations; returns.go: which message a basic.return means
//	queues.go    the queues that are named after profiles
//	cork.go      many frames in one write; gate.go: connection.blocked; probe.go: an alarm that outlasts a session
//
// A message over the broker's max_message_size makes the broker close the channel. Its text tells the limit: what is
// larger among the messages in flight is refused for good, the rest is sent again, and the next session refuses such
// messages without asking. Where the text does not tell, the messages are retried; only one that was alone in flight
// is refused.
//
// The client's own recovery is not used: the engine dials again.
package amqp
