// Package hub fires events and fans each one out to every destination whose pattern matches the event's profile.
//
// A hub is opened on an acct file, which says for each provider (kafka, amqp, http, ...) which patterns lead where:
//
//	file, err := acct.Load("acct.yaml", acct.Options{})
//	h, err := hub.Open(ctx, file, hub.WithProviders(all.Providers()...))
//	defer h.Close(ctx)
//	err = h.Put(ctx, hub.Event{Profile: "idem-status", Body: "FINISHED"})
//
// What a nil error from Put promises, and everything else that a hub promises, stands in the README.
package hub
