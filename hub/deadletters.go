package hub

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/evhub/evhub/profiles"
)

// DeadFilter chooses dead letters. What is left zero chooses all.
type DeadFilter struct {
	// Destination and Profile are globs.
	Destination, Profile string
	// Reason is a part of the reason.
	Reason string
	// IDs are those of the events; none means all.
	IDs []string
	// Since and Until bound the time at which the letter was written.
	Since, Until time.Time
}

func (f DeadFilter) compile() (func(DeadLetter) bool, error) {
	destination, err := globOrAll(f.Destination)
	if err != nil {
		return nil, err
	}
	profile, err := globOrAll(f.Profile)
	if err != nil {
		return nil, err
	}
	return func(l DeadLetter) bool {
		return destination.Match(l.Destination) && profile.Match(l.Event.Profile) &&
			strings.Contains(l.Reason, f.Reason) && (len(f.IDs) == 0 || slices.Contains(f.IDs, l.Event.ID)) &&
			(f.Since.IsZero() || !l.Time.Before(f.Since)) && (f.Until.IsZero() || !l.Time.After(f.Until))
	}, nil
}

func globOrAll(pattern string) (profiles.Matcher, error) {
	if pattern == "" {
		pattern = "*"
	}
	return profiles.Glob(pattern)
}

// DeadLetters yields the dead letters that f chooses, oldest first at each destination.
func (h *Hub) DeadLetters(f DeadFilter) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		chosen, err := f.compile()
		if err != nil {
			yield(DeadLetter{}, err)
			return
		}
		for _, d := range h.everyDestination() {
			for l, err := range d.DeadLetters() {
				if (err != nil || chosen(l)) && !yield(l, err) {
					return
				}
			}
		}
	}
}
