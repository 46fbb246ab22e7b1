package jsonpath

import (
	"bytes"
	"encoding/json"
)

// Find appends to dst, for each path of the set, in order, the text of the value that it leads to in the JSON text;
// nil if there is none. Of members with the same name the last one counts, as in encoding/json. The text must be valid
// JSON in UTF-8; the answers are parts of it.
func (s *Set) Find(dst [][]byte, text []byte) [][]byte {
	n := len(dst)
	for range s.paths {
		dst = append(dst, nil)
	}
	f := finder{text: text, found: dst[n:]}
	f.value(&s.root, f.blanks(0))
	return dst
}

// finder goes through a text once. Its methods take where in the text something begins, and return where it ends.
type finder struct {
	text  []byte
	found [][]byte
}

// value goes through the value at i, which n leads to.
func (f *finder) value(n *node, i int) int {
	end := 0
	switch {
	case len(n.children) > 0 && f.text[i] == '{':
		end = f.object(n, i)
	case len(n.children) > 0 && f.text[i] == '[':
		end = f.array(n, i)
	default:
		end = f.skip(i)
	}
	for _, path := range n.ends {
		f.found[path] = f.text[i:end:end]
	}
	return end
}

func (f *finder) object(n *node, i int) int {
	for i = f.blanks(i + 1); f.text[i] != '}'; i = f.next(i) {
		nameEnd := f.string(i)
		name := f.text[i:nameEnd]
		start := f.blanks(f.blanks(nameEnd) + 1) // behind the colon
		i = 0
		for _, c := range n.children {
			if named(name, c.Key) {
				f.forget(c.node)
				i = f.value(c.node, start)
			}
		}
		if i == 0 {
			i = f.skip(start)
		}
	}
	return i + 1
}

func (f *finder) array(n *node, i int) int {
	i = f.blanks(i + 1)
	for element := 0; f.text[i] != ']'; element++ {
		start := i
		i = 0
		for _, c := range n.children {
			if c.Index == element {
				i = f.value(c.node, start)
			}
		}
		if i == 0 {
			i = f.skip(start)
		}
		i = f.next(i)
	}
	return i + 1
}

// next returns where the next member or element begins, or the end of them, behind a value that ends at i.
func (f *finder) next(i int) int {
	i = f.blanks(i)
	if f.text[i] == ',' {
		i = f.blanks(i + 1)
	}
	return i
}

// forget takes back what was found from n on, in a member that another one of the same name replaces.
func (f *finder) forget(n *node) {
	for _, path := range n.ends {
		f.found[path] = nil
	}
	for _, c := range n.children {
		f.forget(c.node)
	}
}

func (f *finder) blanks(i int) int {
	for f.text[i] <= ' ' {
		i++
	}
	return i
}

// string returns where the string ends that begins at i.
func (f *finder) string(i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(f.text[i:], '"')
		escapes := i
		for f.text[escapes-1] == '\\' {
			escapes--
		}
		if (i-escapes)%2 == 0 {
			return i + 1
		}
	}
}

// skip returns where the value ends that begins at i.
func (f *finder) skip(i int) int {
	for open := 0; ; {
		switch f.text[i] {
		case '"':
			i = f.string(i)
		case '{', '[':
			open++
			i++
			continue
		case '}', ']':
			open--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
			continue
		default:
			i = f.literal(i)
		}
		if open == 0 {
			return i
		}
	}
}

// literal returns where the number, true, false or null ends that begins at i.
func (f *finder) literal(i int) int {
	for ; i < len(f.text); i++ {
		switch f.text[i] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return i
		}
	}
	return i
}

// named reports whether the JSON string name is key.
func named(name []byte, key string) bool {
	inner := name[1 : len(name)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == key
	}
	text, _ := unquote(name)
	return text == key
}

func unquote(text []byte) (s string, ok bool) {
	err := json.Unmarshal(text, &s)
	return s, err == nil
}

// Scalar returns a value that Find has found as text: a string without its quotes and escapes, a number, true, false
// or null as it is spelled in JSON. Arrays and objects have none.
func Scalar(value []byte) (text string, ok bool) {
	switch {
	case len(value) == 0 || value[0] == '{' || value[0] == '[':
		return "", false
	case value[0] != '"':
		return string(value), true
	case bytes.IndexByte(value, '\\') < 0:
		return string(value[1 : len(value)-1]), true
	}
	return unquote(value)
}
