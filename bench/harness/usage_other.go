//go:build !linux

package harness

import "time"

// Elsewhere the tables have no CPU time and no memory.

func cpuTime() time.Duration { return 0 }

func peakRSS() int64 { return 0 }
