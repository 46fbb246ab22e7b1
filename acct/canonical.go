package acct

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// canonical returns how a value of acctValue that is no text is written: in YAML, and as text where a setting wants
// that.
func canonical(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case *big.Int:
		return v.String()
	case float64:
		return canonicalFloat(v)
	}
	return "null"
}

// canonicalFloat writes a number as PyYAML does, so that YAML 1.1 and 1.2 take it for a float.
func canonicalFloat(f float64) string {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	case abs >= 1e16 || abs < 1e-4 && abs > 0:
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		return mantissa + "e" + exponent
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
