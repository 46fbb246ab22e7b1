package profiles

import (
	"strconv"
	"strings"
	"unicode"
)

// escaped reads the escape t outside of a set.
func (p *regexParser) escaped(t token, f flags) (*node, error) {
	switch letter := t.text[1]; letter {
	case 'A':
		return &node{op: opBeginText, at: t, cost: 1}, nil
	case 'Z':
		return &node{op: opEndText, at: t, cost: 1}, nil
	case 'b', 'B':
		return nil, refused(t, "a word boundary `"+t.text+"` of Unicode words")
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.numbered(t, f)
	}
	if class, ok := p.sets.of(t.text[1], f); ok {
		return p.setNode(t, class)
	}
	r, err := p.escapedChar(t)
	if err != nil {
		return nil, err
	}
	return p.character(t, r, f)
}

// numbered reads \1 to \9: three octal digits are a character, everything else is a backreference.
func (p *regexParser) numbered(t token, f flags) (*node, error) {
	digits := t.text[1:] + p.takeDigits(2, "0123456789")
	if len(digits) < 3 || strings.Trim(digits, "01234567") != "" {
		return nil, refused(t, "a backreference `"+t.text+"`")
	}
	r, err := octal(t, digits)
	if err != nil {
		return nil, err
	}
	return p.character(t, r, f)
}

// escapedChar returns the character that an escape stands for, in a set and outside of it.
func (p *regexParser) escapedChar(t token) (rune, error) {
	if i := strings.IndexByte("afnrtv", t.text[1]); i >= 0 {
		return rune("\a\f\n\r\t\v"[i]), nil
	}
	switch letter := t.text[1]; {
	case letter == 'x':
		return p.hex(t, 2)
	case letter == 'u':
		return p.hex(t, 4)
	case letter == 'U':
		return p.hex(t, 8)
	case letter == 'N':
		return 0, malformed(t, "evhub has no table of character names for `\\N{...}`; write the character or `\\uXXXX`")
	case letter >= '0' && letter <= '7':
		return octal(t, t.text[1:]+p.takeDigits(2, "01234567"))
	case letter == '8' || letter == '9' || asciiLetter(letter):
		return 0, unknownEscape(t)
	}
	return token{text: t.text[1:]}.char(), nil
}

func asciiLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// takeDigits steps over at most n of the given digits.
func (p *regexParser) takeDigits(n int, digits string) string {
	text := ""
	for ; n > 0; n-- {
		t := p.peek()
		if len(t.text) != 1 || !strings.Contains(digits, t.text) {
			break
		}
		text += p.take().text
	}
	return text
}

func (p *regexParser) hex(t token, n int) (rune, error) {
	digits := p.takeDigits(n, "0123456789abcdefABCDEF")
	code, err := strconv.ParseUint(digits, 16, 32)
	if len(digits) != n || err != nil {
		return 0, malformed(t, "`%s` takes exactly %d hexadecimal digits", t.text, n)
	}
	if code > unicode.MaxRune {
		return 0, malformed(t, "`%s%s` is beyond the last character, U+10FFFF", t.text, digits)
	}
	return rune(code), nil
}

func octal(t token, digits string) (rune, error) {
	code, err := strconv.ParseUint(digits, 8, 8)
	if err != nil {
		return 0, malformed(t, "`\\%s` is beyond the last octal escape, `\\377`", digits)
	}
	return rune(code), nil
}

// unknownEscape names the counterpart of escapes that people know from RE2.
func unknownEscape(t token) error {
	switch t.text[1] {
	case 'z':
		return malformed(t, "`\\z` is of RE2 only; Python's re writes it `\\Z`")
	case 'p', 'P':
		return malformed(t, "`%s` is of RE2 only; Python's re has `\\d`, `\\w` and `\\s`, which know Unicode", t.text)
	case 'Q', 'E':
		return malformed(t, "`%s` is of RE2 only; put a backslash before each special character", t.text)
	case 'C':
		return malformed(t, "`\\C` is of RE2 only; any character is `[\\s\\S]`")
	default:
		return malformed(t, "Python's re has no escape `%s`", t.text)
	}
}
