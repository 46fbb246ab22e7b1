// Package journal keeps records on disk until every destination that they are for is done with them. It knows bytes,
// not events.
//
// One log of segments holds the records of all destinations, so that accepting one is one write and one fsync however
// many it goes to. Each destination has a number, a cursor (what it is done with) and a Reader. What no cursor needs any
// more is unlinked, and what keeps little that is needed is rewritten.
//
// The format, and why a crash at any moment is harmless, is in docs/journal-format.md.
package journal
