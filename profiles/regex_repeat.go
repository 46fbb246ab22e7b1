package profiles

import "strconv"

// repetition is a quantifier.
type repetition struct{ min, max int }

// quantifier reads the quantifier that begins with t. A brace that begins none is a literal, as in Python.
func (p *regexParser) quantifier(t token) (r repetition, ok bool, err error) {
	switch t.text {
	case "?":
		return repetition{0, 1}, true, nil
	case "*":
		return repetition{0, unlimited}, true, nil
	case "+":
		return repetition{1, unlimited}, true, nil
	case "{":
		return p.braces(t)
	default:
		return repetition{}, false, nil
	}
}

// braces reads {n}, {n,}, {,m}, {n,m} or {,}, all behind the opening brace.
func (p *regexParser) braces(t token) (r repetition, ok bool, err error) {
	back := p.next
	if p.peek().text == "}" {
		return repetition{}, false, nil
	}
	least := p.digits()
	most, comma := least, p.accept(",")
	if comma {
		most = p.digits()
	}
	if !p.accept("}") {
		p.next = back
		return repetition{}, false, nil
	}
	r = repetition{0, unlimited}
	if least != "" {
		if r.min, err = repeatCount(t, least); err != nil {
			return r, false, err
		}
	}
	if most != "" {
		if r.max, err = repeatCount(t, most); err != nil {
			return r, false, err
		}
		if r.max < r.min {
			return r, false, malformed(t, "the repetition's minimum %d is greater than its maximum %d", r.min, r.max)
		}
	}
	return r, true, nil
}

func (p *regexParser) digits() string {
	start := p.peek().offset
	for t := p.peek(); len(t.text) == 1 && t.text[0] >= '0' && t.text[0] <= '9'; t = p.peek() {
		p.take()
	}
	return p.source[start:p.peek().offset]
}

func repeatCount(t token, digits string) (int, error) {
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxRepeat {
		return 0, malformed(t, "a repetition of more than %d cannot be done: evhub's regex is RE2, which unfolds it",
			maxRepeat)
	}
	return n, nil
}

// repeatLast applies a quantifier to the last item of the sequence.
func (p *regexParser) repeatLast(seq *node, t token, r repetition) error {
	count := len(seq.parts)
	if count == 0 || seq.parts[count-1].anchor() {
		return malformed(t, "there is nothing to repeat")
	}
	body := seq.parts[count-1]
	if body.op == opRepeat {
		return malformed(t, "a quantifier follows another; put the first one's item in a group")
	}
	if p.peek().text == "+" {
		return refused(t, "a possessive quantifier such as `*+`")
	}
	p.accept("?") // lazy or not is the same for a full match
	repeat := &node{op: opRepeat, at: t, parts: []*node{body}, min: r.min, max: r.max}
	repeat.cost = 1 + body.cost*max(r.min, r.max, 1)
	if r.max > r.min {
		repeat.cost += r.max - r.min
	}
	seq.parts[count-1] = repeat
	seq.cost += repeat.cost - body.cost
	return p.checkCost(repeat)
}
