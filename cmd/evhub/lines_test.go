package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/eventline"
)

func TestMalformedLinesAreRefusedWithTheirNumber(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"no JSON":          {`hello`, "want a JSON object"},
		"array":            {`[1]`, "want a JSON object"},
		"scalar":           {`1`, "want a JSON object"},
		"cut off":          {`{"body": [1, 2`, "ends too early"},
		"cut in a string":  {`{"body": "x`, "ends too early"},
		"bad literal":      {`{"body": tru}`, "body, at $"},
		"bad nested":       {`{"body": {"a": [1,]}}`, "body, at $.a"},
		"brackets crossed": {`{"body": [1}}`, "body, at $"},
		"NaN":              {`{"body": NaN}`, "body, at $"},
		"no value":         {`{"body": }`, "want a value"},
		"no colon":         {`{"body" 1}`, "want a colon"},
		"comma at the end": {`{"body": 1,}`, "want a key"},
		"two values":       {`{"body": 1} {"body": 2}`, "behind the JSON object"},
		"unknown key":      {`{"body": 1, "tag": {}}`, `unknown key "tag"`},
		"key in capitals":  {`{"Body": 1}`, `unknown key "Body"`},
		"key twice":        {`{"body": 1, "body": 2}`, `"body" is there twice`},
		"no body":          {`{"profile": "p"}`, `no "body"`},
		"time, no zone":    {`{"body": 1, "time": "2026-01-31 12:00"}`, `"time" must be as in RFC 3339`},
		"no base64":        {`{"body_base64": "@"}`, `"body_base64" must be bytes in base64`},
		"base64 of null":   {`{"body_base64": null}`, `"body_base64" must be`},
		"two bodies":       {`{"body": null, "body_base64": ""}`, "are both there"},
		"bad traceparent":  {`{"body": 1, "traceparent": "x\u0000"}`, "traceparent"},
		"profile a number": {`{"body": 1, "profile": 7}`, `"profile" must be a string`},
		"tags a list":      {`{"body": 1, "tags": [1]}`, "tags, at $"},
		"long profile":     {`{"body": 1, "profile": "` + strings.Repeat("p", 1025) + `"}`, "profile has 1025 bytes"},
		"bad id":           {`{"body": 1, "id": "a b"}`, "id"},
		"bad UTF-8":        {"{\"body\": \"\xff\"}", "not valid UTF-8"},
		"event too large":  {`{"body": "` + strings.Repeat("x", 1<<20) + `"}`, "too large"},
		"line too long":    {`{"body": "` + strings.Repeat("x", eventline.MaxBytes) + `"}`, "longer than"},
		"control in a key": {"{\"bo\x1bdy\": 1}", "want a key"},
	} {
		t.Run(name, func(t *testing.T) {
			acctFile, events := toFile(t, "raw")
			input := "{\"body\": \"first\"}\n" + c.line + "\n{\"body\": \"last\"}\n"
			r := evhub(t, input, "put", "-f", acctFile)
			r.want(t, exitRefused, "refused: line 2: ", c.want, "2 events accepted, 2 delivered, 1 refused")
			if got := read(t, events); got != "\"first\"\n\"last\"\n" {
				t.Errorf("the others arrived as %q", got)
			}
		})
	}
}

func TestRefusalsAsJSON(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	r := evhub(t, "{\"body\": 1}\nbad\n", "put", "-f", acctFile, "-o", "json")
	r.want(t, exitRefused)
	lines := r.lines(t)
	if len(lines) != 2 || lines[0]["line"] != 2.0 || !strings.Contains(fmt.Sprint(lines[0]["refused"]), "JSON object") {
		t.Errorf("%v", lines)
	}
	if s, _ := lines[len(lines)-1]["summary"].(map[string]any); s["accepted"] != 1.0 || s["refused"] != 1.0 || s["read"] != 2.0 {
		t.Errorf("the summary is %v", s)
	}
	if r.err != "" {
		t.Errorf("on standard error: %s", r.err)
	}
}

func TestWhatALineMayLookLike(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"CRLF":             {"{\"body\": 1}\r\n{\"body\": 2}\r\n", "1\n2\n"},
		"no final newline": {"{\"body\": 1}\n{\"body\": 2}", "1\n2\n"},
		"empty lines":      {"\n  \n{\"body\": 1}\n\r\n\n", "1\n"},
		"nothing":          {"", ""},
		"byte order mark":  {"\ufeff{\"body\": 1}\n", "1\n"},
		"blanks":           {" { \"body\" : 1 , \"key\" : null } \n", "1\n"},
		"null":             {`{"body": null}`, "null\n"},
		"escaped key":      {`{"b\u006fdy": 1}`, "1\n"},
		"quotes inside":    {`{"body": "a\"},{", "profile": "p"}`, "\"a\\\"},{\"\n"},
		"nested":           {`{"body": {"a": [{"b": "]"}]}, "id": "x"}`, "{\"a\": [{\"b\": \"]\"}]}\n"},
		"bytes":            {`{"body_base64": "YQBi"}`, "a\x00b\n"},
		"no bytes":         {`{"body_base64": ""}`, "\n"},
		"time and trace":   {`{"body": 1, "time": "2026-01-31T12:00:00+01:00", "traceparent": null}`, "1\n"},
		"long":             {`{"body": "` + strings.Repeat("y", 100_000) + `"}`, `"` + strings.Repeat("y", 100_000) + "\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			acctFile, events := toFile(t, "raw")
			evhub(t, c.input, "put", "-f", acctFile).want(t, exitDone)
			if got := read(t, events); got != c.want {
				t.Errorf("arrived as %.200q, want %.200q", got, c.want)
			}
		})
	}
}

func TestLineNumbersCountEveryLine(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	var input strings.Builder
	for i := 1; i <= 1000; i++ {
		switch {
		case i%300 == 0:
			input.WriteString("bad\n")
		case i%10 == 0:
			input.WriteString("\n")
		default:
			fmt.Fprintf(&input, "{\"body\": %d, \"tags\": %s}\n", i, map[bool]string{true: "[]", false: "{}"}[i == 777])
		}
	}
	evhub(t, input.String(), "put", "-f", acctFile).want(t, exitRefused,
		"refused: line 300: ", "refused: line 600: ", "refused: line 777: ", "refused: line 900: ", "4 refused")
}

func TestEventsOfAFile(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	input := write(t, "in.jsonl", "{\"body\": 1}\n{\"body\": 2}\n")
	evhub(t, "not read", "put", "-f", acctFile, "--events", input).want(t, exitDone, "2 events accepted, 2 delivered")
	evhub(t, "{\"body\": 3}", "put", "-f", acctFile, "--events", "-").want(t, exitDone)
	if got := read(t, events); got != "1\n2\n3\n" {
		t.Errorf("arrived: %q", got)
	}
	evhub(t, "", "put", "-f", acctFile, "--events", input+".missing").want(t, exitUsage, "--events", "no such file")
	evhub(t, "", "put", "-f", acctFile, "--events", t.TempDir()).want(t, exitFailure, "is a directory")
}
