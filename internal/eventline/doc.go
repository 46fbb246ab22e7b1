// Package eventline reads events in the form that evhub put, evhub listen and evhub serve take: a JSON object for each,
// one to a line or in an array.
package eventline

// MaxBytes is the longest text of an event that is read, in bytes: a hub takes no event that large.
const MaxBytes = 4 << 20
