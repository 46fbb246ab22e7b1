//go:build !race

package acct_test

// slower is how much the race detector slows code down.
const slower = 1
