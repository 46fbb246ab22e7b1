package profiles

import "strings"

// The Python regexes for one character, whatever it is, and for a character that does not exist.
const (
	anyChar = `[\s\S]`
	noChar  = `[^\s\S]`
)

// translateGlob writes a glob as a Python regex, by the rules of Python 3.11's fnmatch.translate. The odd corners of a
// set (empty and reversed ranges, a range that ends in a hyphen) then mean what they mean in Python, because the result
// is read by the same rules as every other regex.
func translateGlob(pattern string) string {
	var out strings.Builder
	chars := []rune(pattern)
	for i := 0; i < len(chars); i++ {
		switch c := chars[i]; c {
		case '*':
			out.WriteString(anyChar + "*")
			for i+1 < len(chars) && chars[i+1] == '*' {
				i++
			}
		case '?':
			out.WriteString(anyChar)
		case '[':
			end := setEnd(chars, i+1)
			if end < 0 {
				out.WriteString(`\[`)
				continue
			}
			out.WriteString(translateSet(chars[i+1 : end]))
			i = end
		default:
			out.WriteString(quoteRegex(c))
		}
	}
	return out.String()
}

// setEnd returns the index of the bracket that closes the set whose content starts at i, or -1. A bracket right
// after the opening or after the negation is an element.
func setEnd(chars []rune, i int) int {
	if i < len(chars) && chars[i] == '!' {
		i++
	}
	if i < len(chars) && chars[i] == ']' {
		i++
	}
	for ; i < len(chars); i++ {
		if chars[i] == ']' {
			return i
		}
	}
	return -1
}

// translateSet writes the content of a glob's set as a set of a regex.
func translateSet(content []rune) string {
	set := joinRanges(dropReversed(splitRanges(content)))
	switch {
	case set == "":
		return noChar
	case set == "!":
		return anyChar
	case set[0] == '!':
		set = "^" + set[1:]
	case set[0] == '^' || set[0] == '[':
		set = `\` + set
	}
	return "[" + set + "]"
}

// splitRanges cuts the content at each hyphen that makes a range: a range goes from the last character of one chunk to
// the first of the next.
func splitRanges(content []rune) [][]rune {
	var chunks [][]rune
	start, next := 0, 1
	if content[0] == '!' {
		next = 2
	}
	for {
		hyphen := indexFrom(content, next, '-')
		if hyphen < 0 {
			break
		}
		chunks = append(chunks, content[start:hyphen])
		start, next = hyphen+1, hyphen+3
	}
	if start < len(content) {
		return append(chunks, content[start:])
	}
	last := len(chunks) - 1 // the hyphen is the last character: an element
	chunks[last] = append(chunks[last][:len(chunks[last]):len(chunks[last])], '-')
	return chunks
}

func indexFrom(chars []rune, from int, c rune) int {
	for i := from; i < len(chars); i++ {
		if chars[i] == c {
			return i
		}
	}
	return -1
}

// dropReversed removes ranges whose end is before their start: they hold nothing.
func dropReversed(chunks [][]rune) [][]rune {
	for k := len(chunks) - 1; k > 0; k-- {
		left, right := chunks[k-1], chunks[k]
		if left[len(left)-1] <= right[0] {
			continue
		}
		rest := left[: len(left)-1 : len(left)-1]
		chunks[k-1] = append(rest, right[1:]...)
		chunks = append(chunks[:k], chunks[k+1:]...)
	}
	return chunks
}

// joinRanges writes the chunks with plain hyphens between and escaped ones within them.
func joinRanges(chunks [][]rune) string {
	var out strings.Builder
	for i, chunk := range chunks {
		if i > 0 {
			out.WriteByte('-')
		}
		for _, c := range chunk {
			if strings.ContainsRune(`\-&~|[`, c) && (c != '[' || out.Len() > 0) {
				out.WriteByte('\\')
			}
			out.WriteRune(c)
		}
	}
	return out.String()
}

// quoteRegex writes a character so that a regex takes it literally.
func quoteRegex(c rune) string {
	if strings.ContainsRune(`\.+*?()|[]{}^$`, c) {
		return `\` + string(c)
	}
	return string(c)
}
