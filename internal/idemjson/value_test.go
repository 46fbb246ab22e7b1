package idemjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/idemjson"
)

func TestAppendSpelling(t *testing.T) {
	when := time.Date(2024, 3, 19, 12, 0, 0, 123456000, time.UTC)
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, `null`},
		{true, `true`},
		{int8(-7), `-7`},
		{uint64(math.MaxUint64), `18446744073709551615`},
		{1.0, `1.0`},
		{float32(0.1), `0.1`},
		{float32(1e-4), `0.0001`},
		{float32(1e16), `1e+16`},
		{math.Copysign(0, -1), `-0.0`},
		{100000000.0, `100000000.0`},
		{json.Number("1e5"), `1e5`},
		{json.Number("-0"), `-0`},
		{json.Number(""), `0`},
		{"h\u00e9llo \u4e16\u754c \U0001f600", `"h\u00e9llo \u4e16\u754c \ud83d\ude00"`},
		{"\x00\b\t\n\v\f\r\x1f\x7f\"\\/<&>", `"\u0000\b\t\n\u000b\f\r\u001f\u007f\"\\/<&>"`},
		{[]any{1, []any{}, map[string]any{}}, `[1, [], {}]`},
		{[]any(nil), `null`},
		{map[string]any(nil), `null`},
		{map[string]any{"b": 1, "a": []any{2.0, "x"}}, `{"a": [2.0, "x"], "b": 1}`},
		{map[int]string{10: "x", 9: "y"}, `{"10": "x", "9": "y"}`},
		{[2]bool{true, false}, `[true, false]`},
		{[]byte("ab"), `"YWI="`},
		{[]byte(nil), `null`},
		{when, `"2024-03-19T12:00:00.123456Z"`},
		{&when, `"2024-03-19T12:00:00.123456Z"`},
		{time.Second, `1000000000`},
		{netip.MustParseAddr("::1"), `"::1"`},
		{map[netip.Addr]int{netip.MustParseAddr("10.0.0.1"): 1}, `{"10.0.0.1": 1}`},
		{json.RawMessage(` {"b":1e5,"a":1,"b":"\u00E9\/"} `), `{"b": 1e5, "a": 1, "b": "\u00e9/"}`},
		{json.RawMessage(`10000000000000000000000000000000`), `10000000000000000000000000000000`},
		{json.RawMessage(`"\ud800"`), `"\ud800"`},
		{json.RawMessage(nil), `null`},
		{big.NewInt(12), `12`},
		{(*big.Int)(nil), `null`},
		{struct {
			Raw json.RawMessage `json:"raw"`
			F   float64         `json:",string"`
			Ä   any
		}{json.RawMessage(`[1,2]`), 1, nil}, `{"raw": [1, 2], "F": "1.0", "\u00c4": null}`},
	} {
		checkAppend(t, c.v, c.want)
	}
}

func TestAppendObject(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, `{}`},
		{json.RawMessage(" null "), `{}`},
		{map[string]string(nil), `{}`},
		{(*struct{})(nil), `{}`},
		{map[string]int{"a": 1}, `{"a": 1}`},
		{json.RawMessage(`{"z":1,"a":2}`), `{"z": 1, "a": 2}`},
		{1, ``},
		{"null", ``},
		{[]int{}, ``},
		{json.RawMessage(`{`), ``},
	} {
		got, err := idemjson.AppendObject([]byte("x"), c.v)
		if (err == nil) != (c.want != "") || string(got) != "x"+c.want {
			t.Errorf("AppendObject(%#v) = %s, %v; want %s", c.v, got, err, c.want)
		}
	}
}

func TestAppendStringMatchesAppend(t *testing.T) {
	for _, s := range []string{"", "plain", "1234567\"", "12345678\\", "\u00ff\u0100", "\x1b[31m"} {
		want, _ := idemjson.Append(nil, s)
		if got, err := idemjson.AppendString(nil, s); err != nil || !bytes.Equal(got, want) {
			t.Errorf("AppendString(%q) = %s, %v; want %s", s, got, err, want)
		}
	}
	if got, err := idemjson.AppendString([]byte("x"), "a\xff"); err == nil || string(got) != "x" {
		t.Errorf("invalid UTF-8: %q, %v", got, err)
	}
}

func TestAppendCompact(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": [1, 2.0, " , : "], "b": {}}`:  `{"a":[1,2.0," , : "],"b":{}}`,
		`"h\u00e9llo \u4e16\u754c"`:          `"héllo 世界"`,
		`"\ud83d\ude00"`:                     `"😀"`,
		`"\ud800 \udc00 \ud800\ud83d\ude00"`: `"\ud800 \udc00 \ud800😀"`,
		`"\u0000\b\n\u001b\u007f\u009f"`:     `"\u0000\b\n\u001b\u007f\u009f"`,
		`"\u2028\u2029\u00a0"`:               "\"\\u2028\\u2029\u00a0\"",
		`"\"\\ \\u00e9\\\" x"`:               `"\"\\ \\u00e9\\\" x"`,
		`"\ufffd\uffff"`:                     "\"\ufffd\uffff\"",
	} {
		if got := idemjson.AppendCompact([]byte("> "), []byte(in)); string(got) != "> "+want {
			t.Errorf("AppendCompact(%s)\n got %s\nwant > %s", in, got, want)
		}
	}
}

func TestTextAllocatesNothing(t *testing.T) {
	src := []byte(`{"a":[1,2,{"b":"grüße \u00e9\n"}],"c" : null}`)
	dst := make([]byte, 0, 10*len(src))
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := idemjson.AppendText(dst, src); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestMarshalerError(t *testing.T) {
	_, err := idemjson.Append(nil, []any{failing{}})
	var e *idemjson.Error
	if !errors.Is(err, errFailing) || !errors.As(err, &e) || e.Path != "$[0]" {
		t.Errorf("got %v", err)
	}
}

var errFailing = errors.New("out of ink")

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errFailing }
