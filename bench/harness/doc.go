// Package harness compares publishers. Each contestant of a group runs in a process of its own, so that CPU time and
// memory are the client's; the contestants take turns, round after round, so that whatever else the machine does meets
// all of them; and what counts is their ratio within a round.
package harness
