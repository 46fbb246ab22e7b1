package jsonpath

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxSteps is how many steps a path may have.
const MaxSteps = 64

// Path leads from a JSON value to one inside it.
type Path []Step

// Step leads one level down: to the member of an object that has the name Key, or, unless Index is negative, to that
// element of an array.
type Step struct {
	Key   string
	Index int
}

// Parse reads a path: steps between dots, such as event_data.res.0. A step that is a whole number is an element of an
// array, from 0, and a member of an object that has that name. What contains a dot, a quote, a [ or a blank at either
// end stands in double quotes, as in JSON: "a.b".c. A quoted number is a name only. The empty text is the empty path, to
// the value itself.
func Parse(text string) (Path, error) {
	if text == "" {
		return nil, nil
	}
	var path Path
	for rest := text; ; {
		step, after, err := parseStep(rest)
		if err != nil {
			return nil, err
		}
		if path = append(path, step); len(path) > MaxSteps {
			return nil, fmt.Errorf("a path has at most %d steps", MaxSteps)
		}
		if after == "" {
			return path, nil
		}
		if after[0] != '.' {
			return nil, fmt.Errorf("want a dot behind %s", rest[:len(rest)-len(after)])
		}
		rest = after[1:]
	}
}

var (
	errEmptyStep = errors.New(`a name is missing before or behind a dot; an empty one is written ""`)
	errBracket   = errors.New("an element of an array is a step of its own, as in results.0; a name with a bracket stands in double quotes")
	errQuote     = errors.New(`a name in double quotes must be spelled as a string in JSON: "a.b"`)
)

// parseStep reads the step that text begins with.
func parseStep(text string) (step Step, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		end := 1
		for end < len(text) && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) {
			return Step{}, "", errQuote
		}
		step.Index = -1
		if json.Unmarshal([]byte(text[:end+1]), &step.Key) != nil || !utf8.ValidString(text[:end+1]) {
			return Step{}, "", errQuote
		}
		return step, text[end+1:], nil
	}
	key, _, _ := strings.Cut(text, ".")
	switch {
	case key == "":
		return Step{}, "", errEmptyStep
	case strings.Contains(key, "["): // as in other kinds of paths, where it would never be found here
		return Step{}, "", fmt.Errorf("%q: %w", key, errBracket)
	case strings.ContainsRune(key, '"') || strings.TrimSpace(key) != key || !utf8.ValidString(key):
		return Step{}, "", fmt.Errorf("%q: %w", key, errQuote)
	}
	return Step{Key: key, Index: index(key)}, text[len(key):], nil
}

// index returns the element that key means; -1 if it is no number as JSON's indices are written.
func index(key string) int {
	i, err := strconv.Atoi(key)
	if err != nil || i < 0 || strconv.Itoa(i) != key {
		return -1
	}
	return i
}

// Set is a set of paths that are looked up together. It is immutable and safe for concurrent use.
type Set struct {
	root  node
	paths int
}

// node is where paths have come to after some steps.
type node struct {
	ends     []int // the paths that end here
	children []child
}

type child struct {
	Step
	node *node
}

// NewSet returns the set of paths. Equal ones each get an answer.
func NewSet(paths []Path) *Set {
	s := &Set{paths: len(paths)}
	for i, path := range paths {
		at := &s.root
		for _, step := range path {
			at = at.below(step)
		}
		at.ends = append(at.ends, i)
	}
	return s
}

func (n *node) below(step Step) *node {
	i := slices.IndexFunc(n.children, func(c child) bool { return c.Step == step })
	if i < 0 {
		i = len(n.children)
		n.children = append(n.children, child{step, &node{}})
	}
	return n.children[i].node
}
