//go:build race

package modelcheck

// slowdown is what fewer histories are played by with the race detector, which takes its time.
const slowdown = 5
