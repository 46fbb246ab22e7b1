// Package ledger remembers on disk which events of which runs were put, so that a run whose reading was cut off can be
// completed from another source, or read from its beginning again, without a gap and without duplicates.
//
// What is to be put is written and synced before (Begin), and marked when it has been put (Done). A process that dies in
// between leaves one group in doubt for each run that it worked on. Open asks the journal for it: events are put in
// order, so those of the group up to the last one that the journal has were put, and the rest were not. The journal keeps its newest
// event, so this is exact, unless another process has emptied the journal meanwhile. Then the group, and no more, is
// taken as not put: its events come twice, with the same ids.
//
// Each run has a file of its own:
//
//	evhub runner ledger 1 "ident"
//	+3                     a group of three
//	e0b8c9c1e-...          an event
//	e...
//	s...                   a status
//	.                      all of them were put
//
// A group that is not whole was cut off by the end of the process before any of it was put.
package ledger
