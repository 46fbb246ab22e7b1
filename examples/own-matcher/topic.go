package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evhub/evhub/profiles"
)

// topic is a pattern of MQTT: levels separated by slashes, where + stands for any one level and a # at the end for any
// number of them, none included.
type topic []string

// compileTopic makes the matcher of a pattern. Its error, which the user sees with file and line, says what is wrong.
func compileTopic(pattern string) (profiles.Matcher, error) {
	levels := strings.Split(pattern, "/")
	if i := slices.Index(levels, "#"); i >= 0 && i < len(levels)-1 {
		return nil, errors.New("# stands for the rest of a topic, so it must come last")
	}
	for _, level := range levels {
		if len(level) > 1 && strings.ContainsAny(level, "+#") {
			return nil, fmt.Errorf("%q: + and # must be whole levels, between slashes", level)
		}
	}
	return topic(levels), nil
}

// Match implements profiles.Matcher.
func (t topic) Match(profile string) bool {
	levels := strings.Split(profile, "/")
	for i, want := range t {
		switch {
		case want == "#":
			return true
		case i == len(levels) || want != "+" && want != levels[i]:
			return false
		}
	}
	return len(levels) == len(t)
}
