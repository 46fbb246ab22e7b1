package idemjson

import (
	"strconv"
	"strings"
	"unicode"
)

// longest is the most bytes of a path or of a value that an error shows.
const longest = 200

// shorten leaves out the middle of a long text.
func shorten(s string) string {
	if len(s) <= longest {
		return s
	}
	half := longest / 2
	return strings.ToValidUTF8(s[:half], "") + "..." + strings.ToValidUTF8(s[len(s)-half:], "")
}

func keyStep(key string) string {
	if isIdentifier(key) {
		return "." + key
	}
	return "[" + strconv.QuoteToASCII(shorten(key)) + "]"
}

func indexStep(i int) string { return "[" + strconv.Itoa(i) + "]" }

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r)) && (i == 0 || r != '-' && !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != "" && len(s) <= longest
}

// level is an array or object that is open at the place that a path leads to.
type level struct {
	object  bool
	index   int
	key     string
	wantKey bool
}

// pathAt returns the path, without the root, of the value at src[offset], where src[:offset] begins valid JSON. It is
// for errors alone, so that the pass that succeeds keeps no books.
func pathAt(src []byte, offset int) string {
	var open []level
	for i := 0; i < offset; {
		top := len(open) - 1
		switch src[i] {
		case '{', '[':
			open = append(open, level{object: src[i] == '{', wantKey: src[i] == '{'})
		case '}', ']':
			open = open[:top]
		case ',':
			open[top].index++
			open[top].key = ""
			open[top].wantKey = open[top].object
		case '"':
			end := stringEnd(src, i)
			if end <= offset && open != nil && open[top].wantKey {
				open[top].key, open[top].wantKey = string(src[i+1:end-1]), false
			}
			i = end
			continue
		}
		i++
	}
	return join(open)
}

func join(open []level) string {
	var path strings.Builder
	for _, l := range open {
		switch {
		case !l.object:
			path.WriteString(indexStep(l.index))
		case !l.wantKey:
			path.WriteString(keyStep(l.key))
		}
	}
	return path.String()
}

// stringEnd returns the index behind the string that begins at src[i].
func stringEnd(src []byte, i int) int {
	for i++; i < len(src) && src[i] != '"'; i++ {
		if src[i] == '\\' {
			i++
		}
	}
	return i + 1
}
