package idemjson_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/idemjson"
)

type list struct {
	Next *list `json:"next"`
}

type pointer *pointer

func TestErrorsNameThePath(t *testing.T) {
	ring := &list{}
	ring.Next = ring
	var self pointer
	self = &self
	cycle := map[string]any{}
	cycle["me"] = cycle
	type inner struct {
		Score float64 `json:"score"`
	}
	for name, c := range map[string]struct {
		v    any
		path string
	}{
		"NaN":             {math.NaN(), `$`},
		"infinity":        {map[string]any{"a": []any{0, 1, math.Inf(-1)}}, `$.a[2]`},
		"in a struct":     {struct{ In []inner }{[]inner{{1}, {math.NaN()}}}, `$.In[1].score`},
		"channel":         {map[string]any{"c": make(chan int)}, `$.c`},
		"function":        {[]any{func() {}}, `$[0]`},
		"complex":         {complex(1, 2), `$`},
		"odd key":         {map[string]any{"a b": math.NaN()}, `$["a b"]`},
		"control in key":  {map[string]any{"\x1b[2J": math.NaN()}, `$["\x1b[2J"]`},
		"invalid key":     {map[string]any{"a\xff": 1}, `$["a\xff"]`},
		"invalid string":  {map[string]any{"s": "\xff"}, `$.s`},
		"invalid text":    {map[string]any{"raw": json.RawMessage(`{"x":[1,{"y":tru}]}`)}, `$.raw.x[1].y`},
		"bad number":      {[]any{json.Number("0x1")}, `$[0]`},
		"key type":        {map[string]any{"m": map[float64]int{1: 1}}, `$.m`},
		"self pointer":    {self, `$`},
		"empty raw":       {json.RawMessage{}, `$`},
		"marshaler":       {struct{ F failing }{}, `$.F`},
		"invalid raw key": {json.RawMessage("{\"a\": {\"b\xff\": 1}}"), `$.a`},
		"second key":      {json.RawMessage(`{"a": {"b": 1, "c": [0, 01]}}`), `$.a.c[1]`},
	} {
		_, err := idemjson.Append(nil, c.v)
		var e *idemjson.Error
		if !errors.As(err, &e) || e.Path != c.path {
			t.Errorf("%s: got %v; want path %s", name, err, c.path)
		}
	}
	for name, v := range map[string]any{"ring": ring, "cycle": cycle} {
		if _, err := idemjson.Append(nil, v); err == nil || len(err.Error()) > 500 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDepth(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	deepest := nested(idemjson.MaxDepth)
	checkText(t, deepest, deepest)
	if _, err := idemjson.AppendText(nil, []byte("["+deepest+"]")); err == nil {
		t.Error("deeper than MaxDepth is accepted")
	}
	if _, err := idemjson.Append(nil, []any{json.RawMessage(deepest)}); err == nil {
		t.Error("JSON text inside a Go value starts its depth anew")
	}
	chain := &list{}
	for range idemjson.MaxDepth - 1 {
		chain = &list{chain}
	}
	if _, err := idemjson.Append(nil, chain); err != nil {
		t.Errorf("%d structs behind pointers: %v", idemjson.MaxDepth, err)
	}
}

func TestTextErrors(t *testing.T) {
	for text, want := range map[string]struct {
		offset int
		path   string
	}{
		``:                       {0, `$`},
		`  `:                     {2, `$`},
		`{"a":1`:                 {6, `$.a`},
		`{"a":1,}`:               {7, `$`},
		`{"a" 1}`:                {5, `$.a`},
		`[1,]`:                   {3, `$[1]`},
		`[1 2]`:                  {3, `$[0]`},
		`-`:                      {1, `$`},
		`1.x`:                    {2, `$`},
		`1e+`:                    {3, `$`},
		`01`:                     {1, `$`},
		`{"k":{"l":"\x"}}`:       {11, `$.k.l`},
		`"\u12g4"`:               {1, `$`},
		"[\"a\nb\"]":             {3, `$[0]`},
		`"abc`:                   {4, `$`},
		`"abc\`:                  {5, `$`},
		"\"\xed\xa0\x80\"":       {1, `$`},
		`{"a":"]},\"","b":[{]`:   {19, `$.b[0]`},
		`nulx`:                   {0, `$`},
		`1 1`:                    {2, `$`},
		`{"x":{"y":[1,2]},"z":}`: {21, `$.z`},
	} {
		got, err := idemjson.AppendText([]byte("kept"), []byte(text))
		var e *idemjson.Error
		if string(got) != "kept" || !errors.As(err, &e) || e.Offset != want.offset || e.Path != want.path {
			t.Errorf("AppendText(%q) = %q, %v; want %s at byte %d", text, got, err, want.path, want.offset)
		}
	}
}
