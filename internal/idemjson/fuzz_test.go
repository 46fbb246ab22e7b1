package idemjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/evhub/evhub/internal/idemjson"
)

func FuzzAppendText(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e+10,"x\u00e9\/\ud800"],"b":{"c":null}}`, ` [ true , false ] `, `"\ud83d\ude00 😀"`, "\"\x7f\"", `01`, `-`, `1.`, `1e`,
		`{"a" 1}`, `{"a":1,}`, `[1 2]`, `"\x"`, "\"\x01\"", `"abc`, "\"\xff\"", `nul`, `{}x`, `"12345678\"90123456\\"`, `[[[]]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := idemjson.AppendText(nil, src)
		if want := json.Valid(src) && utf8.Valid(src); (err == nil) != want {
			deep := bytes.Count(src, []byte("["))+bytes.Count(src, []byte("{")) > idemjson.MaxDepth
			if !deep {
				t.Fatalf("AppendText(%q): %v; want valid = %v", src, err, want)
			}
		}
		if err != nil {
			if e, _ := errors.AsType[*idemjson.Error](err); e.Offset < 0 || e.Offset > len(src) || e.Path == "" {
				t.Fatalf("offset %d, path %q of a text of %d bytes", e.Offset, e.Path, len(src))
			}
			return
		}
		checkSpelled(t, src, out)
	})
}

// checkSpelled checks that out means what src means, stays as it is, and survives the way through compact.
func checkSpelled(t *testing.T, src, out []byte) {
	t.Helper()
	if !bytes.Equal(decoded(t, src), decoded(t, out)) {
		t.Fatalf("%q became %q", src, out)
	}
	if again, err := idemjson.AppendText(nil, out); err != nil || !bytes.Equal(again, out) {
		t.Fatalf("%q became %q, %v", out, again, err)
	}
	compact := idemjson.AppendCompact(nil, out)
	if back, err := idemjson.AppendText(nil, compact); err != nil || !bytes.Equal(back, out) {
		t.Fatalf("%q became %q, %v by way of %q", out, back, err, compact)
	}
	for _, c := range out {
		if c < ' ' || c > '~' {
			t.Fatalf("%q has the byte %#x", out, c)
		}
	}
}

func decoded(t *testing.T, text []byte) []byte {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// FuzzAppend checks that what is written for a Go value decodes to the same value.
func FuzzAppend(f *testing.F) {
	f.Add("plain", "köy", 1.5, int64(-3), []byte{1, 2})
	f.Add("\x00\x1f\x7f\"\\/", "\u2028😀", 1e300, int64(0), []byte{})
	f.Add("12345678", "\xff", 5e-324, int64(1), []byte(nil))
	type value struct {
		S string
		M map[string]float64
		I []int64
		B []byte
	}
	f.Fuzz(func(t *testing.T, s, key string, x float64, n int64, b []byte) {
		in := value{S: s, M: map[string]float64{key: x}, I: []int64{n}, B: b}
		out, err := idemjson.Append(nil, in)
		if valid := utf8.ValidString(s) && utf8.ValidString(key) && x-x == 0; (err == nil) != valid {
			t.Fatalf("Append(%#v): %v", in, err)
		}
		if err != nil {
			return
		}
		var back value
		if err := json.Unmarshal(out, &back); err != nil || !reflect.DeepEqual(in, back) {
			t.Fatalf("%#v became %s, then %#v, %v", in, out, back, err)
		}
		if again, err := idemjson.AppendText(nil, out); err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%s became %s, %v", out, again, err)
		}
	})
}
