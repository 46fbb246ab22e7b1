package acct_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
)

func TestDecodeErrors(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"flag":             {"flag: hunter2", "3: flag: want true or false"},
		"int":              {"int: hunter2", "3: int: want a whole number"},
		"int, fraction":    {"int: 1.5", "3: int: want a whole number"},
		"int, empty":       {"int: ''", "3: int: want a whole number"},
		"small":            {"small: 128", "3: small: want a whole number from -128 to 127"},
		"size":             {"size: -1", "3: size: want a whole number, not negative"},
		"port":             {"server: {port: 65536}", "3: server.port: want a whole number from 0 to 65535"},
		"float":            {"float: hunter2", "3: float: want a number"},
		"infinite":         {"float: inf", "3: float: want a number"},
		"duration":         {"duration: soon", "3: duration: want a duration such as 30s or 100ms"},
		"duration, long":   {"duration: 1000000000h", "3: duration: want a duration such as 30s or 100ms"},
		"duration, bare":   {"duration: 5", "3: duration: want a duration such as 30s or 100ms"},
		"text, list":       {"text: [hunter2]", "3: text: want text (or {env: NAME}, {file: PATH}), not a list"},
		"text, mapping":    {"text: {a: hunter2}", "3: text: want text (or {env: NAME}, {file: PATH}), not a mapping"},
		"list, text":       {"list: hunter2", "3: list: want a list such as [a, b], not a single value"},
		"list, hole":       {"list:\n- a\n-\n- c", "5: list[1]: an empty list element; give it a value or remove it"},
		"list, nested":     {"list: [a, [b]]", "3: list[1]: want text (or {env: NAME}, {file: PATH}), not a list"},
		"map, list":        {"map: [a]", "3: map: want a mapping, not a list"},
		"map, nested":      {"map: {a: {b: c}}", "3: map.a: want text (or {env: NAME}, {file: PATH}), not a mapping"},
		"struct, text":     {"server: hunter2", "3: server: want a mapping, not a single value"},
		"binary":           {"text: !!binary hunter2-", "3: text: !!binary wants base64"},
		"any, wrong tag":   {"any: !!int hunter2", "3: any: the value does not fit its tag !!int"},
		"near miss":        {"server: {prot: 1}", "3: server.prot: unknown key; did you mean port?"},
		"case":             {"ByName: {}", "3: ByName: unknown key; did you mean by_name?"},
		"dash":             {"by-name: {}", "3: by-name: unknown key; did you mean by_name?"},
		"one level deeper": {"port: 1", "3: port: unknown key; did you mean server.port?"},
		"listed":           {"server: {zone: a}", "3: server.zone: unknown key; the keys here are host, port"},
		"not listed":       {"completely_off: a", "3: completely_off: unknown key"},
		"hidden":           {"hidden: 1", "3: hidden: unknown key"},
		"unexported":       {"private: 1", "3: private: unknown key"},
		"short words":      {"server: {mist: a}", "3: server.mist: unknown key; the keys here are host, port"},
		"element":          {"servers:\n- host: a\n- hots: b", "5: servers[1].hots: unknown key; did you mean host?"},
		"long key":         {strings.Repeat("k", 500) + ": 1", "3: " + strings.Repeat("k", 100) + "…: unknown key"},
		"all at once": {"int: x\nserver:\n  prot: 1\n  port: y\nlist: {}",
			"3: int: want a whole number\n5: server.prot: unknown key; did you mean port?\n6: server.port: want a whole number from 0 to 65535\n7: list: want a list such as [a, b], not a mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			var c config
			err := entry(t, tt.in).Decode(&c)
			var want []string
			for line := range strings.SplitSeq(tt.want, "\n") {
				place, rest, _ := strings.Cut(line, ": ")
				want = append(want, "acct.yaml:"+place+": kafka.idem-*."+rest)
			}
			if diff := cmp.Diff(want, strings.Split(text(err), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorsAreCapped(t *testing.T) {
	err := entry(t, numbered("", 1000)).Decode(&struct{}{})
	lines := strings.Split(text(err), "\n")
	if last := lines[len(lines)-1]; len(lines) != 101 || last != "acct.yaml: has 900 more mistakes" {
		t.Errorf("%d errors, the last: %s", len(lines), last)
	}
}

func TestErrorAt(t *testing.T) {
	e := entry(t, "connection:\n  a.b: 1\n  servers:\n  - x\n  - host: h\n  a: {b: 1}\ntopics: [a]")
	cause := errors.New("bad")
	for key, want := range map[string]string{
		"":                           "acct.yaml:2: kafka.idem-*: bad",
		"topics":                     "acct.yaml:9: kafka.idem-*.topics: bad",
		"topics[0]":                  "acct.yaml:9: kafka.idem-*.topics[0]: bad",
		"topics[9]":                  "acct.yaml:9: kafka.idem-*.topics[9]: bad",
		"connection":                 "acct.yaml:3: kafka.idem-*.connection: bad",
		"connection.missing":         "acct.yaml:3: kafka.idem-*.connection.missing: bad",
		"connection.a.b":             "acct.yaml:4: kafka.idem-*.connection.a.b: bad",
		"connection.servers[1].host": "acct.yaml:7: kafka.idem-*.connection.servers[1].host: bad",
		"connection.servers[1].port": "acct.yaml:7: kafka.idem-*.connection.servers[1].port: bad",
		"absent.at.all":              "acct.yaml:2: kafka.idem-*.absent.at.all: bad",
	} {
		err := e.ErrorAt(key, cause)
		if err.Error() != want || !errors.Is(err, cause) {
			t.Errorf("%q:\n got %v\nwant %s", key, err, want)
		}
	}
}

func TestErrorFields(t *testing.T) {
	var got *acct.Error
	err := entry(t, "int: x").Decode(&config{})
	if !errors.As(err, &got) || got.File != "acct.yaml" || got.Line != 3 || got.Key != "kafka.idem-*.int" {
		t.Errorf("got %+v", got)
	}
}
