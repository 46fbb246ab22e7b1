package providers

// Pauser is a Session whose broker may ask publishers to wait, as RabbitMQ does when its disk is full.
type Pauser interface {
	// Paused reports whether the broker asks to wait now. The engine does not give up on a Send or a Wait while it
	// does: the time does not count as a fault of the destination. Safe for concurrent use.
	Paused() bool
}
