//go:build linux

package crash

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// witnessed counts, over all tests, what must happen now and then: a suite in which it never did has tested nothing (T25).
var witnessed sightings

type sightings struct {
	kills, duplicates, truncations, quarantines, letters atomic.Int64
}

// read counts what a command says of its recovery.
func (s *sightings) read(said string) {
	for line := range strings.Lines(strings.ToLower(said)) {
		if strings.Contains(line, "torn") {
			s.truncations.Add(1)
		}
		if strings.Contains(line, "quarantine") {
			s.quarantines.Add(1)
		}
	}
}

func (s *sightings) check() error {
	fmt.Printf("proof: over all tests: %d kills, %d duplicates, %d torn tails truncated, %d files quarantined, %d dead letters\n",
		s.kills.Load(), s.duplicates.Load(), s.truncations.Load(), s.quarantines.Load(), s.letters.Load())
	var errs []error
	for _, seen := range []struct {
		what  string
		count *atomic.Int64
	}{
		{"kill", &s.kills}, {"duplicate", &s.duplicates}, {"truncated tail", &s.truncations},
		{"quarantined file", &s.quarantines}, {"dead letter", &s.letters},
	} {
		if seen.count.Load() == 0 {
			errs = append(errs, fmt.Errorf("void: not one %s was seen in the whole suite", seen.what))
		}
	}
	return errors.Join(errs...)
}
