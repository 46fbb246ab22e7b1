// Package memory keeps the last events in queues of this process, one queue for each routing key. It is Idem's
// provider "internal".
//
// An event is delivered when it is stored. A queue that is full gives up its oldest event for a new one and counts
// that. Code of the same process makes a [Memory], gives its Provider to the hub, and reads from its queues:
//
//	events := memory.New()
//	// hub.WithProviders(events.Provider(), ...)
//	m, err := events.Queue("idem-status").Get(ctx)
package memory
