package evbus

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testdata(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// body is what a destination with that format sends of e.
func body(t *testing.T, format string, e Event) (string, error) {
	t.Helper()
	r, err := NewSealer("cli", 0).Seal(e)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := FormatNamed(format)
	if !ok {
		t.Fatalf("no format %s", format)
	}
	const before = "what was there"
	out, err := f.Append([]byte(before), r, "/src")
	got, kept := strings.CutPrefix(string(out), before)
	if !kept {
		t.Fatalf("the body has taken the place of what was before it: %q", out)
	}
	return got, err
}

// pythonValue is a value and what Idem's serializers make of it.
type pythonValue struct {
	Python  string
	JSON    string
	Msgpack string `json:"msgpack_hex"`
}

func pythonValues(t *testing.T) (values []pythonValue) {
	t.Helper()
	if err := json.Unmarshal(testdata(t, "../internal/idemjson/testdata/serialization.json"), &values); err != nil {
		t.Fatal(err)
	}
	if len(values) < 60 {
		t.Fatalf("%d values", len(values))
	}
	return values
}

// notJSON are the values of which Idem makes no JSON, although it may say so: they are refused at the door.
var notJSON = []string{
	`float("nan")`, `float("inf")`, `float("-inf")`, // NaN and Infinity are no JSON
	`{(1,2): "tuple key"}`, `{"x", 1}`, `{b"k": 1}`, // nor for Idem
}

func TestIdemSpellsEveryValueAsIdem(t *testing.T) {
	var refused []string
	for _, v := range pythonValues(t) {
		e := Event{Body: json.RawMessage(v.JSON), Tags: json.RawMessage(`{"v": ` + v.JSON + `}`)}
		if !json.Valid([]byte(v.JSON)) {
			if _, err := NewSealer("cli", 0).Seal(e); err == nil {
				t.Errorf("%s was taken", v.Python)
			}
			refused = append(refused, v.Python)
			continue
		}
		want := `{"tags": {"v": ` + v.JSON + `}, "message": ` + v.JSON + `, "run_name": "cli"}`
		for _, format := range []string{"idem", "json"} {
			if got, err := body(t, format, e); err != nil || got != want {
				t.Errorf("%s: %s is\n%s, %v; want\n%s", format, v.Python, got, err, want)
			}
		}
	}
	if diff := cmp.Diff(notJSON, refused); diff != "" {
		t.Errorf("refused (-want +got): %s", diff)
	}
}

// otherThanJSON are the values that msgpack tells apart and JSON does not: an event holds what JSON makes of them, and so
// does its msgpack.
var otherThanJSON = []string{
	`b""`, `b"ab"`, `b"\xff\x00"`, `bytearray(b"ab")`, // bytes: a body of []byte is bytes in msgpack
	`{1: "int", 2.5: "float", None: "none"}`, `{True: 1, False: 0}`, // keys are texts in JSON
	`datetime.datetime(2024, 3, 19, 12, 0, tzinfo=datetime.timezone.utc)`, // msgpack has timestamps
}

func TestMsgpackOfEveryValueIsIdems(t *testing.T) {
	var others []string
	for _, v := range pythonValues(t) {
		if !json.Valid([]byte(v.JSON)) {
			continue
		}
		got, err := body(t, "msgpack", Event{Body: json.RawMessage(v.JSON)})
		if v.Msgpack == "" { // a lone surrogate
			if err == nil || !strings.Contains(err.Error(), "message, byte 0: a lone surrogate is no character") {
				t.Errorf("%s: %x, %v", v.Python, got, err)
			}
			continue
		}
		want := "83a47461677380a76d657373616765" + v.Msgpack + "a872756e5f6e616d65a3636c69"
		if err != nil {
			t.Errorf("%s: %v", v.Python, err)
		} else if hex.EncodeToString([]byte(got)) != want {
			others = append(others, v.Python)
		}
	}
	if diff := cmp.Diff(otherThanJSON, others); diff != "" {
		t.Errorf("other than Idem's (-documented +got): %s", diff)
	}
}

func TestMsgpack(t *testing.T) {
	long, list := strings.Repeat("é", 40_000), json.RawMessage("["+strings.Repeat("[], ", 70_000)+"{}]")
	for name, c := range map[string]struct {
		event Event
		want  string // hex of the message
	}{
		"bytes":             {Event{Body: []byte("ab")}, "c4026162"},
		"no bytes":          {Event{Body: []byte{}}, "c400"},
		"nested":            {Event{Body: json.RawMessage(`{"a":[[],{},[{"b":[1,2]},3]],"c":{}}`)}, "82a16193908092" + "81a162920102" + "03" + "a16380"},
		"integers":          {Event{Body: json.RawMessage(`[127,128,-32,-33,-128,-129,65536,-2147483649,18446744073709551615,-9223372036854775808,-0]`)}, "9b7fcc80e0d0dfd080d1ff7fce00010000d3ffffffff7fffffffcfffffffffffffffffd3800000000000000000"},
		"too many bits":     {Event{Body: json.RawMessage(`[-9223372036854775809]`)}, "91b42d39323233333732303336383534373735383039"},
		"floats":            {Event{Body: json.RawMessage(`[1e2,1E-400,0.10]`)}, "93cb4059000000000000cb0000000000000000cb3fb999999999999a"},
		"punctuation":       {Event{Body: json.RawMessage(`{"],{:": "}\\\"", "": [",", ":"]}`)}, "82a45d2c7b3aa37d5c22a092a12ca13a"},
		"a text of 80 kB":   {Event{Body: long}, "db00013880" + strings.Repeat("c3a9", 40_000)},
		"a list of 70,001":  {Event{Body: list}, "dd00011171" + strings.Repeat("90", 70_000) + "80"},
		"escapes and pairs": {Event{Body: json.RawMessage(`"\ud83d\ude00\n\u0000\/"`)}, "a7f09f98800a002f"},
	} {
		got, err := body(t, "msgpack", c.event)
		want := "83a47461677380a76d657373616765" + c.want + "a872756e5f6e616d65a3636c69"
		if err != nil || hex.EncodeToString([]byte(got)) != want {
			t.Errorf("%s: %.200x, %v; want %.200s", name, got, err, want)
		}
	}
	fixture := strings.TrimSpace(string(testdata(t, "testdata/msgpack.hex")))
	if got, err := body(t, "msgpack", Event{Body: "hi"}); err != nil || hex.EncodeToString([]byte(got)) != fixture {
		t.Errorf("%x, %v; Idem sends %s", got, err, fixture)
	}
	for text, want := range map[string]string{
		`[1, {"a": 1e400}]`: "message, byte 10: 1e400: no floating point number of 64 bits is as large",
		`{"\udc00": 1}`:     "message, byte 1: a lone surrogate is no character",
	} {
		if got, err := body(t, "msgpack", Event{Body: json.RawMessage(text)}); err == nil || !strings.Contains(err.Error(), want) || got != "" {
			t.Errorf("%s: %x, %v; want %s", text, got, err, want)
		}
	}
	if _, err := body(t, "msgpack", Event{Tags: json.RawMessage(`{"t":"\ud800"}`)}); err == nil || !strings.Contains(err.Error(), "tags, byte 6: ") {
		t.Error(err)
	}
}

func TestCloudEvents(t *testing.T) {
	at := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	for name, c := range map[string]struct {
		event Event
		want  string
	}{
		"all": {Event{
			Profile: "idem-x\n", ID: "i", Time: at, RunName: "n\"é", Key: "k", TraceParent: "00-a-b-01",
			Tags: json.RawMessage(`{"ref": "r", "n": {"é": 1.0}}`), Body: json.RawMessage(`{"b": [1e5, null], "a": "\u00e9\ud800"}`),
		}, `{"specversion":"1.0","id":"i","source":"/src","type":"idem-x%0A","time":"2024-02-03T04:05:06Z","traceparent":"00-a-b-01",` +
			`"runname":"n\"é","partitionkey":"k","tags":"{\"ref\":\"r\",\"n\":{\"é\":1.0}}","datacontenttype":"application/json",` +
			`"data":{"b":[1e5,null],"a":"é\ud800"}}`},
		"few": {Event{ID: "i", Time: at}, `{"specversion":"1.0","id":"i","source":"/src","type":"default","time":"2024-02-03T04:05:06Z",` +
			`"runname":"cli","datacontenttype":"application/json","data":null}`},
		"bytes": {Event{ID: "i", Time: at, Body: []byte("\xff\x00")}, `{"specversion":"1.0","id":"i","source":"/src","type":"default",` +
			`"time":"2024-02-03T04:05:06Z","runname":"cli","datacontenttype":"application/octet-stream","data_base64":"/wA="}`},
	} {
		if got, err := body(t, "cloudevents", c.event); err != nil || got != c.want {
			t.Errorf("%s: (-want +got) %v\n%s", name, err, cmp.Diff(c.want, got))
		}
	}
}

// Idem's event of a failed delivery has a text in place of a message.
func TestPublishError(t *testing.T) {
	const ref = `{"ref": "idem.event.publish_error_callback_handler", "x": 1, "plugin": "kafka"}`
	fixture := string(testdata(t, "testdata/publish-error.json"))
	var was map[string]json.RawMessage
	if err := json.Unmarshal([]byte(fixture), &was); err != nil {
		t.Fatal(err)
	}
	message := json.RawMessage(`{"publish_event_error_message": ` + string(was["publish_event_error_message"]) + `}`)
	e := Event{Tags: json.RawMessage(ref), Body: message, RunName: "errrun"}
	if got, err := body(t, "idem", e); err != nil || got != fixture {
		t.Errorf("%v: %s", err, cmp.Diff(fixture, got))
	}
	failed, err := NewSealer("cli", 0).Seal(Event{Profile: "p", Tags: json.RawMessage(`{"ref": "r", "x": 1}`), RunName: "errrun"})
	if err != nil || failed.IsPublishError() {
		t.Fatal(err)
	}
	var reason string
	if err := json.Unmarshal(was["publish_event_error_message"], &reason); err != nil {
		t.Fatal(err)
	}
	if got, err := body(t, "idem", failed.PublishError("kafka", reason)); err != nil || got != fixture {
		t.Errorf("%v: %s", err, cmp.Diff(fixture, got))
	}
	if got, err := body(t, "raw", failed.PublishError("kafka", "\xff\n")); err != nil || got != `{"publish_event_error_message": "\ufffd\n"}` {
		t.Errorf("%s %v", got, err)
	}
	e.Body = json.RawMessage(`{"publish_event_error_message": "m"}`)
	packed, err := body(t, "msgpack", e)
	if i, j := strings.Index(packed, "\xa8run_name\xa6errrun"), strings.Index(packed, "\xbbpublish_event_error_message\xa1m"); err != nil || i < 0 || j < i || packed[0] != 0x83 {
		t.Errorf("%q, %v", packed, err)
	}
	for name, other := range map[string]Event{
		"another ref": {Tags: json.RawMessage(`{"ref": "r"}`), Body: e.Body},
		"more in it":  {Tags: e.Tags, Body: json.RawMessage(`{"publish_event_error_message": "m", "n": 1}`)},
		"no text":     {Tags: e.Tags, Body: json.RawMessage(`{"publish_event_error_message": 1}`)},
		"opaque":      {Tags: e.Tags, Body: []byte(`{"publish_event_error_message": "m"}`)},
	} {
		if got, _ := body(t, "idem", other); !strings.Contains(got, `"message": `) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestFormatNames(t *testing.T) {
	if diff := cmp.Diff([]string{"idem", "idem-compact", "raw", "cloudevents", "msgpack"}, FormatNames()); diff != "" {
		t.Error(diff)
	}
	for _, name := range append(FormatNames(), "json") {
		if err := CheckFormat(name); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{"str": "writes Python's repr", "": `no format ""; there are idem, `, "XML": "cloudevents, msgpack"} {
		if err := CheckFormat(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", name, err, want)
		}
	}
}
