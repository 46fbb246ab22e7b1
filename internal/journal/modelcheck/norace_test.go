//go:build !race

package modelcheck

// slowdown is 1 without the race detector.
const slowdown = 1
