package evbus

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/evhub/evhub/internal/jsonpath"
	"github.com/evhub/evhub/profiles"
	"github.com/evhub/evhub/providers"
)

// Wishes are the keys of an entry that say which events of its pattern's profiles it wants. They belong to the routing:
// to change them changes nothing about the destination, which goes on with what it has.
type Wishes struct {
	Filter map[string]*string `yaml:"filter" doc:"Which events, of those whose profile matches: path into tags or message -> pattern; all must hold. See [filters](../filter.md)."`
}

// Filter says which events of a profile a destination wants: those of which all conditions hold. An empty one wants
// all. It is immutable and safe for concurrent use.
type Filter []Condition

// Condition wants one value of an event to match a pattern.
type Condition struct {
	// Path leads to the value, such as tags.type or message.event_data.host, and Pattern is what it must match, both
	// as the acct file has them.
	Path, Pattern string
	// Line is where in the acct file the condition stands; 0 if unknown. Who compiles the filter sets it.
	Line int

	matcher profiles.Matcher
	inTags  bool          // else in the message
	steps   jsonpath.Path // within the one or the other
}

// Finding is what came of a condition when it was asked about an event.
type Finding struct {
	Condition
	// Value is the JSON text of what the path leads to; nil if it leads to nothing.
	Value json.RawMessage
	// Matches: the value is no array or object, and its text matches the pattern.
	Matches bool
}

// NewFilter compiles patterns, which stand by their paths, in the order of the paths. A nil pattern is a mistake. Its
// errors are a *providers.ConfigError for each mistake, joined.
func NewFilter(patterns map[string]*string, compile profiles.Compile) (Filter, error) {
	var f Filter
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(patterns)) {
		c, err := newCondition(path, patterns[path], compile)
		if err != nil {
			errs = append(errs, &providers.ConfigError{Key: "filter." + path, Err: err})
			continue
		}
		f = append(f, c)
	}
	return f, errors.Join(errs...)
}

var (
	errNoPattern = errors.New(`want a pattern; JSON's null is matched by "null", in quotes, and an empty text by ""`)
	errWholeTags = errors.New("the tags as a whole match nothing; name one, as in tags.type")
	errRoot      = errors.New("a path begins with tags. or message. (or is message, for a body that is no object)")
)

func newCondition(path string, pattern *string, compile profiles.Compile) (Condition, error) {
	c := Condition{Path: path}
	root, rest, below := strings.Cut(path, ".")
	switch {
	case root == "tags" && !below:
		return c, errWholeTags
	case root != "tags" && root != "message":
		return c, errRoot
	case below && rest == "":
		rest = "." // which is a mistake that jsonpath explains
	}
	var err error
	if c.steps, err = jsonpath.Parse(rest); err != nil {
		return c, err
	}
	if pattern == nil {
		return c, errNoPattern
	}
	c.Pattern, c.inTags = *pattern, root == "tags"
	if c.matcher, err = compile(c.Pattern); err != nil {
		return c, &profiles.PatternError{Pattern: c.Pattern, Err: err}
	}
	return c, nil
}

// scalar is the text of a value that patterns can match.
type scalar struct {
	text string
	ok   bool // there is one: the value is there, and no array or object
}

func scalarOf(value []byte) scalar {
	text, ok := jsonpath.Scalar(value)
	return scalar{text, ok}
}

// matches reports whether the condition holds for what its path leads to.
func (c *Condition) matches(s scalar) bool { return s.ok && c.matcher.Match(s.text) }

// Explain says of each condition whether it holds for r, and for which value.
func (f Filter) Explain(r *Record) []Finding {
	var findings []Finding
	for _, c := range f {
		value := newLookup(Filter{c}).values(nil, r)[0]
		findings = append(findings, Finding{Condition: c, Value: value, Matches: c.matches(scalarOf(value))})
	}
	return findings
}

// lookup finds the values that the conditions of some filters ask for, each once.
type lookup struct {
	places        map[string]int // path -> which of the values
	tags, message *jsonpath.Set  // nil if no path leads there
	inTags        int            // how many values are in the tags; those come first
}

func newLookup(filters ...Filter) *lookup {
	byRoot := map[bool][]jsonpath.Path{}
	l := &lookup{places: map[string]int{}}
	for _, inTags := range []bool{true, false} {
		for _, c := range slices.Concat(filters...) {
			if _, known := l.places[c.Path]; c.inTags == inTags && !known {
				l.places[c.Path] = len(l.places)
				byRoot[inTags] = append(byRoot[inTags], c.steps)
			}
		}
	}
	if l.inTags = len(byRoot[true]); l.inTags > 0 {
		l.tags = jsonpath.NewSet(byRoot[true])
	}
	if len(byRoot[false]) > 0 {
		l.message = jsonpath.NewSet(byRoot[false])
	}
	return l
}

// values appends what the paths lead to in r, nil for nothing. Nothing is in a body that is bytes.
func (l *lookup) values(dst [][]byte, r *Record) [][]byte {
	if l.tags != nil {
		dst = l.tags.Find(dst, r.Tags)
	}
	if l.message != nil && !r.Opaque {
		return l.message.Find(dst, r.Data)
	}
	for range len(l.places) - l.inTags {
		dst = append(dst, nil)
	}
	return dst
}
