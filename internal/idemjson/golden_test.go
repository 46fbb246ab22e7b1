package idemjson_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/evhub/evhub/internal/idemjson"
)

// TestPython compares with Python's json: testdata/golden.py wrote the table.
func TestPython(t *testing.T) {
	file, err := os.Open("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	counts := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var row [3]string
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		kind, in, want := row[0], row[1], row[2]
		counts[kind]++
		switch kind {
		case "float":
			bits, err := strconv.ParseUint(in, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			checkAppend(t, math.Float64frombits(bits), want)
		case "text":
			checkText(t, in, want)
			checkSameMeaning(t, in, want)
		}
	}
	if counts["float"] < 500 || counts["text"] < 1000 {
		t.Errorf("the table has only %v", counts)
	}
}

// TestFixtures takes what Idem's own serializer made of Python values.
func TestFixtures(t *testing.T) {
	data, err := os.ReadFile("testdata/serialization.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct{ Python, JSON string }
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		switch row.JSON {
		case "": // Idem refuses the value
		case "NaN", "Infinity", "-Infinity":
			if _, err := idemjson.AppendText(nil, []byte(row.JSON)); err == nil {
				t.Errorf("%s is accepted, which is not JSON", row.JSON)
			}
		default:
			checkText(t, row.JSON, row.JSON)
			compact := idemjson.AppendCompact(nil, []byte(row.JSON))
			checkText(t, string(compact), row.JSON)
		}
	}
}

// checkText also checks that spelled text is left as it is, and that Append and AppendText agree.
func checkText(t *testing.T, in, want string) {
	t.Helper()
	got, err := idemjson.AppendText([]byte("> "), []byte(in))
	if err != nil || string(got) != "> "+want {
		t.Errorf("AppendText(%q)\n got %s, %v\nwant > %s", in, got, err, want)
	}
	if again, err := idemjson.AppendText(nil, []byte(want)); err != nil || string(again) != want {
		t.Errorf("AppendText of its own output\n got %s, %v\nwant %s", again, err, want)
	}
	checkAppend(t, json.RawMessage(in), want)
}

func checkAppend(t *testing.T, v any, want string) {
	t.Helper()
	got, err := idemjson.Append([]byte("> "), v)
	if err != nil || string(got) != "> "+want {
		t.Errorf("Append(%#v)\n got %s, %v\nwant > %s", v, got, err, want)
	}
}

// checkSameMeaning decodes both texts, as far as encoding/json can: it knows no lone surrogates.
func checkSameMeaning(t *testing.T, in, want string) {
	t.Helper()
	spell := func(text string) []byte {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	compact := idemjson.AppendCompact(nil, []byte(want))
	if a, b := spell(in), spell(string(compact)); !bytes.Equal(a, b) {
		t.Errorf("AppendCompact changed the meaning of %s\nto %s", in, compact)
	}
}
