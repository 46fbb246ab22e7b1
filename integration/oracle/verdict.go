package oracle

import (
	"errors"
	"fmt"
)

// Verdict is what a witness saw. Each list names events by their id.
type Verdict struct {
	Destination string
	// Accepted and Deliveries are counts, of events and of messages.
	Accepted, Deliveries int
	// Missing were accepted and did not come.
	Missing []string
	// Spurious came though never minted, or refused.
	Spurious []string
	// Corrupt came with another body than theirs; what names no event is here in full.
	Corrupt []string
	// Duplicates came again, once for each time.
	Duplicates []string
	// Inversions came for the first time behind a later one of their key.
	Inversions []string
}

// Err is nil if nothing is missing, spurious, corrupt or out of order and there are at most so many duplicates.
// A verdict without a single accepted event is void, and so an error.
func (v Verdict) Err(duplicates int) error {
	var errs []error
	if v.Accepted == 0 {
		errs = append(errs, errors.New("void: no event was accepted"))
	}
	for _, fault := range []struct {
		what    string
		ids     []string
		allowed int
	}{
		{"missing", v.Missing, 0},
		{"spurious", v.Spurious, 0},
		{"corrupt", v.Corrupt, 0},
		{"duplicates", v.Duplicates, duplicates},
		{"inversions", v.Inversions, 0},
	} {
		if len(fault.ids) > fault.allowed {
			errs = append(errs, fmt.Errorf("%d %s, at most %d allowed, such as %.200q",
				len(fault.ids), fault.what, fault.allowed, fault.ids[:min(3, len(fault.ids))]))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d accepted, %d delivered: %w", v.Destination, v.Accepted, v.Deliveries, errors.Join(errs...))
}
