// Package server takes events over HTTP, from a unix socket or TCP, and puts them into a hub. It says of each event what
// became of it: docs/serve.md has the endpoints, the answers and the limits as a user sees them.
package server
