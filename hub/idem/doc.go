// Package idem makes the events that Idem fires: one function for each kind, named after its profile. What it returns
// is ready for Put, and in format "idem" its body is what Idem's documents show, key by key.
//
// Idem's program departs from its documents here and there. The documents count; [AsSent] gives what Idem 25 really
// sends. An idem-low or idem-chunk event of Idem carries the decrypted credentials of states that have run; here they
// are left out, unless [KeepCredentials] is given.
//
// A message that a function takes as any is a JSON value as in [hub.Event].Body: one of this package's types, which
// have the documented keys in the order in which Idem writes them, a map, a struct, or a json.RawMessage. Events are
// sealed by Put; what cannot be encoded is refused there. All functions are safe for concurrent use.
package idem
