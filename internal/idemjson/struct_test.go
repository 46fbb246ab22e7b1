package idemjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/idemjson"
)

type (
	base   struct{ ID, Shared, Deep int }
	Other  struct{ Shared, Only int }
	tagged struct {
		X int `json:"Deep"`
	}
	alsoTagged struct {
		Y int `json:"Deep"`
	}
	Middle struct{ base }
	Twice  struct{ base }
	Self   struct {
		*Self
		Name string
	}
	text     string
	keyText  struct{ n int }
	byteLike byte
	upper    string
	addrOnly struct{ n int }
	zeroable struct{ n int }
)

func (k keyText) MarshalText() ([]byte, error)   { return []byte(strings.Repeat("k", k.n)), nil }
func (u upper) MarshalJSON() ([]byte, error)     { return json.Marshal(strings.ToUpper(string(u))) }
func (a *addrOnly) MarshalJSON() ([]byte, error) { return []byte(`{"addr" : true}`), nil }
func (z zeroable) IsZero() bool                  { return z.n == 7 }
func (b byteLike) MarshalText() ([]byte, error)  { return []byte{'#', byte(b)}, nil }

type Stamped struct{ time.Time }

type options struct {
	Skip     int            `json:"-"`
	Dash     int            `json:"-,"`
	Empty    string         `json:"empty,omitempty"`
	EmptyMap map[string]int `json:",omitempty"`
	EmptyArr [0]int         `json:",omitempty"`
	EmptyPtr *int           `json:",omitempty"`
	Struct   struct{}       `json:",omitempty"`
	Zero     zeroable       `json:",omitzero"`
	Seven    zeroable       `json:",omitzero"`
	Time     time.Time      `json:",omitzero"`
	Any      any            `json:",omitzero"`
	AnyZero  any            `json:",omitzero"`
	Quoted   int            `json:"quoted,string"`
	QString  string         `json:",string"`
	QBool    *bool          `json:",string"`
	QNil     *int           `json:",string"`
	QNumber  json.Number    `json:",string"`
	QUpper   upper          `json:",string"`
	QSlice   []int          `json:",string"`
	Invalid  int            `json:"in'valid"`
	Punct    int            `json:"a b-c/d.e"`
	Unicode  int            `json:"größe"`
	hidden   int
}

// TestLikeEncodingJSON compares the choice and order of fields, and everything but the spelling, with encoding/json.
func TestLikeEncodingJSON(t *testing.T) {
	yes, n := true, 5
	name := text("named")
	for _, v := range []any{
		struct {
			base
			Other
		}{base{1, 2, 3}, Other{4, 5}},
		struct {
			base
			*tagged
		}{base{1, 2, 3}, &tagged{4}},
		struct {
			base   `json:"named"`
			Shared int
		}{base{1, 2, 3}, 4},
		struct {
			Middle
			Twice
			Own int
		}{Middle{base{1, 2, 3}}, Twice{base{4, 5, 6}}, 7},
		struct {
			*base
			Other
		}{nil, Other{4, 5}},
		struct {
			*Other
			text
		}{&Other{4, 5}, "hidden"},
		struct {
			*tagged
			*alsoTagged
			C int
		}{&tagged{1}, &alsoTagged{2}, 3},
		Self{&Self{nil, "inner"}, "outer"},
		Stamped{time.Unix(0, 0).UTC()},
		options{},
		options{Empty: "x", EmptyMap: map[string]int{"a": 1}, EmptyPtr: &n, Zero: zeroable{7}, Seven: zeroable{8},
			Time: time.Unix(1, 0).UTC(), AnyZero: zeroable{7}, Quoted: -4, QString: `a"b`, QBool: &yes, QNumber: "12", QUpper: "up",
			QSlice: []int{1}, hidden: 1},
		map[keyText]int{{2}: 2, {1}: 1},
		map[text]upper{"z": "zed", "a": "ay"},
		map[bool]int{true: 1},
		[]byteLike{1, 2},
		[]*text{&name, nil},
		[]addrOnly{{1}},
		addrOnly{1},
		&addrOnly{1},
		struct{ A, B addrOnly }{},
		&struct{ A, B addrOnly }{},
		[3]byte{1, 2, 3},
		[]any{&yes, (*int)(nil), &name},
	} {
		got, err := idemjson.Append(nil, v)
		want, wantErr := viaEncodingJSON(v)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%#v\n got %s, %v\nwant %s, %v", v, got, err, want, wantErr)
		}
	}
}

func viaEncodingJSON(v any) ([]byte, error) {
	out, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return idemjson.AppendText(nil, out)
}
