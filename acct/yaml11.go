package acct

import (
	"encoding/base64"
	"errors"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// acct reads YAML 1.1 with PyYAML, through a loader that leaves times as text. These are its plain values that are no
// text.
var (
	yamlBool  = regexp.MustCompile(`^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
	yamlFloat = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	yamlInt   = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	yamlNull  = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
)

// maxNumber is how long a number may be. Python refuses longer ones.
const maxNumber = 4300

var errScalar = errors.New("the value does not fit its tag")

// acctValue returns what the scalar n is for acct: nil, bool, *big.Int, float64, string, or []byte.
func acctValue(n *yaml.Node) (any, error) {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0 {
		return plainValue(n.Value), nil
	}
	v, ok := any(nil), true
	switch text := strings.ReplaceAll(n.Value, "_", ""); n.ShortTag() {
	case "!!null":
	case "!!bool":
		v, ok = boolOf(n.Value)
	case "!!int":
		v, ok = intOf(text)
	case "!!float":
		v, ok = floatOf(text)
	case "!!binary":
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
		v, ok = raw, err == nil
	default:
		v = n.Value
	}
	if !ok {
		return nil, errScalar
	}
	return v, nil
}

// isPlainText reports whether a plain value of this form is text, if it is not too long to tell.
func isPlainText(text string) bool {
	return !yamlNull.MatchString(text) && !yamlBool.MatchString(text) && !yamlFloat.MatchString(text) && !yamlInt.MatchString(text)
}

func plainValue(text string) any {
	var v any
	ok := false
	switch {
	case yamlNull.MatchString(text):
		return nil
	case len(text) > maxNumber:
	case yamlBool.MatchString(text):
		v, ok = boolOf(text)
	case yamlFloat.MatchString(text):
		v, ok = floatOf(strings.ReplaceAll(text, "_", ""))
	case yamlInt.MatchString(text):
		if strings.HasPrefix(text, "0") && !strings.HasPrefix(text, "0b") && !strings.HasPrefix(text, "0x") {
			text = "0" + strings.TrimLeft(text, "0") // not octal for acct, unless it has a sign
			v, ok = decimal(strings.ReplaceAll(text, "_", ""))
		} else {
			v, ok = intOf(strings.ReplaceAll(text, "_", ""))
		}
	}
	if !ok {
		return text
	}
	return v
}

func boolOf(text string) (v any, ok bool) {
	switch strings.ToLower(text) {
	case "yes", "true", "on":
		return true, true
	case "no", "false", "off":
		return false, true
	}
	return nil, false
}

// intOf reads a number without underscores.
func intOf(text string) (v any, ok bool) {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return nil, false
	}
	i := new(big.Int)
	switch {
	case strings.HasPrefix(digits, "0b"):
		i, ok = i.SetString(digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		i, ok = i.SetString(digits[2:], 16)
	case strings.HasPrefix(digits, "0"):
		i, ok = i.SetString(digits, 8)
	case strings.Contains(digits, ":"):
		i, ok = base60(digits)
	default:
		i, ok = i.SetString(digits, 10)
	}
	if ok && strings.HasPrefix(text, "-") {
		i.Neg(i)
	}
	return i, ok
}

func decimal(digits string) (v any, ok bool) { return new(big.Int).SetString(digits, 10) }

// base60 reads a number such as 1:30, which is 90.
func base60(text string) (*big.Int, bool) {
	sum := new(big.Int)
	for part := range strings.SplitSeq(text, ":") {
		i, ok := new(big.Int).SetString(part, 10)
		if !ok {
			return nil, false
		}
		sum.Add(sum.Mul(sum, big.NewInt(60)), i)
	}
	return sum, true
}

// floatOf reads a number without underscores.
func floatOf(text string) (v any, ok bool) {
	switch strings.ToLower(strings.TrimLeft(text, "+-")) {
	case ".inf":
		return math.Inf(1 - 2*strings.Count(text, "-")), true
	case ".nan":
		return math.NaN(), true
	}
	if before, after, found := cutLast(text, ":"); found {
		whole, ok := base60(strings.TrimLeft(before, "+-"))
		last, err := strconv.ParseFloat(after, 64)
		f, _ := new(big.Float).SetInt(whole).Float64()
		if f = f*60 + last; strings.HasPrefix(text, "-") {
			f = -f
		}
		return f, ok && err == nil
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
