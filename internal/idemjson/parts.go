package idemjson

// Part is an element of an array or a member of an object.
type Part struct {
	// Key is a member's key in its quotes, as it is spelled; nil of an element.
	Key []byte
	// Value is its text.
	Value []byte
}

// Parts takes apart spelled text, which is an array or an object; of any other value it returns none. They lie in the
// memory of the text. In spelled text equal keys have equal bytes.
func Parts(spelled []byte) []Part {
	if len(spelled) == 0 || spelled[0] != '{' && spelled[0] != '[' {
		return nil
	}
	var parts []Part
	for i := 1; i < len(spelled)-1; i += len(", ") {
		var p Part
		if spelled[0] == '{' {
			end := stringEnd(spelled, i)
			p.Key = spelled[i:end]
			i = end + len(": ")
		}
		end := valueEnd(spelled, i)
		p.Value = spelled[i:end]
		i = end
		parts = append(parts, p)
	}
	return parts
}

// AppendObjectOf appends the object of these members.
func AppendObjectOf(dst []byte, members []Part) []byte {
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(append(dst, m.Key...), ": "...), m.Value...)
	}
	return append(dst, '}')
}

// AppendArrayOf appends the array of these elements.
func AppendArrayOf(dst []byte, elements []Part) []byte {
	dst = append(dst, '[')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, e.Value...)
	}
	return append(dst, ']')
}

// valueEnd returns the index behind the value that begins at spelled[i].
func valueEnd(spelled []byte, i int) int {
	for depth := 0; i < len(spelled); {
		switch spelled[i] {
		case '"':
			if i = stringEnd(spelled, i); depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // of what is around a number or a word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(spelled)
}

// TokenEnd returns the index behind the token that begins at spelled[i]: a bracket, comma, colon or space, or a whole
// string, number or word.
func TokenEnd(spelled []byte, i int) int {
	switch spelled[i] {
	case '"':
		return stringEnd(spelled, i)
	case '{', '}', '[', ']', ',', ':', ' ':
		return i + 1
	}
	for i++; i < len(spelled); i++ {
		switch spelled[i] {
		case ',', '}', ']':
			return i
		}
	}
	return i
}
