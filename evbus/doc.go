// Package evbus is the engine below hub: it seals events into records, routes them, and drives each destination with
// its own backlog, sender and settler, so that none waits for another.
//
// Programs use package hub; this package is for those who build another front end on the engine.
package evbus
