package acct_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
)

// entry returns the only entry of a file that consists of the settings alone; these start on line 3.
func entry(t *testing.T, settings string) acct.Entry {
	t.Helper()
	text := "kafka:\n  idem-*:\n    " + strings.ReplaceAll(strings.TrimSpace(settings), "\n", "\n    ") + "\n"
	f, err := acct.Parse("acct.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := f.Entries(ourNames)
	if err != nil || len(entries) != 1 {
		t.Fatalf("Entries: %v, %v", entries, err)
	}
	return entries[0]
}

type level string

type common struct {
	Name  string `yaml:"name"`
	Retry struct {
		Min time.Duration `yaml:"min"`
	} `yaml:"retry"`
}

type inlined struct {
	Inner string `yaml:"inner"`
}

type server struct {
	Host string `yaml:"host"`
	Port uint16 `yaml:"port"`
}

type config struct {
	inlined  `yaml:",inline"`
	Text     string            `yaml:"text"`
	Level    level             `yaml:"level"`
	Flag     bool              `yaml:"flag"`
	Int      int               `yaml:"int"`
	Small    int8              `yaml:"small"`
	Size     uint64            `yaml:"size"`
	Float    float64           `yaml:"float"`
	Duration time.Duration     `yaml:"duration"`
	Pointer  *int              `yaml:"pointer"`
	List     []string          `yaml:"list"`
	Map      map[string]string `yaml:"map"`
	Any      any               `yaml:"any"`
	Server   server            `yaml:"server"`
	Maybe    *server           `yaml:"maybe"`
	Servers  []server          `yaml:"servers"`
	ByName   map[level]server  `yaml:"by_name"`
	Untagged int
	Hidden   int `yaml:"-"`
	private  int //nolint:unused // decoding must leave it alone
}

func TestDecode(t *testing.T) {
	seven := 7
	for name, tt := range map[string]struct {
		in   string
		want config
	}{
		"text":          {"text: a", config{Text: "a"}},
		"text, number":  {"text: 0123", config{Text: "0123"}},
		"text, boolean": {"text: yes", config{Text: "yes"}},
		"text, literal": {"text: ${HOME} {{ x }}", config{Text: "${HOME} {{ x }}"}},
		"text, binary":  {"text: !!binary aGk=", config{Text: "hi"}},
		"named string":  {"level: debug", config{Level: "debug"}},
		"true":          {"flag: true", config{Flag: true}},
		"yes":           {"flag: yes", config{Flag: true}},
		"OFF, n":        {"flag: n", config{}},
		"On":            {"flag: On", config{Flag: true}},
		"quoted number": {`int: "12"`, config{Int: 12}},
		"hexadecimal":   {"int: 0x10", config{Int: 16}},
		"negative":      {"small: -128", config{Small: -128}},
		"largest":       {"size: 18446744073709551615", config{Size: 1<<64 - 1}},
		"float":         {"float: 1.5e3", config{Float: 1500}},
		"duration":      {"duration: 1m30s", config{Duration: 90 * time.Second}},
		"no duration":   {"duration: 0", config{}},
		"pointer":       {"pointer: 7", config{Pointer: &seven}},
		"list":          {"list: [a, 1, yes]", config{List: []string{"a", "1", "yes"}}},
		"block list":    {"list:\n- a\n- b", config{List: []string{"a", "b"}}},
		"empty list":    {"list: []", config{List: []string{}}},
		"map":           {"map: {a: 1, b: c}", config{Map: map[string]string{"a": "1", "b": "c"}}},
		"any":           {"any: {a: [1, 1.5, true, yes, 2024-03-19, ~], b: {c: d}}", config{Any: map[string]any{"a": []any{1, 1.5, true, "yes", "2024-03-19", nil}, "b": map[string]any{"c": "d"}}}},
		"struct":        {"server: {host: h, port: 1}", config{Server: server{"h", 1}}},
		"structs":       {"servers: [{host: a}, {host: b}]", config{Servers: []server{{Host: "a"}, {Host: "b"}}}},
		"named structs": {"by_name: {a: {port: 2}}", config{ByName: map[level]server{"a": {Port: 2}}}},
		"inline":        {"inner: a", config{inlined: inlined{"a"}}},
		"untagged":      {"untagged: 3", config{Untagged: 3}},
		"alias":         {"text: &a x\nlist: [*a]", config{Text: "x", List: []string{"x"}}},
		"merge":         {"servers: [&s {host: a, port: 1}, {<<: *s, port: 2}]", config{Servers: []server{{"a", 1}, {"a", 2}}}},
		"merge list":    {"servers: [&s {host: a}, &t {host: b, port: 1}, {<<: [*s, *t]}]", config{Servers: []server{{Host: "a"}, {"b", 1}, {"a", 1}}}},
		"nulls":         {"text:\nflag: ~\npointer: null\nlist:\nserver:\nany:\nmap: {}", config{Map: map[string]string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got config
			if err := entry(t, tt.in).Decode(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(config{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeKeepsDefaults(t *testing.T) {
	one, headers := 1, map[string]string{"a": "1", "b": "2"}
	got := config{Text: "default", Int: 1, Pointer: &one, List: []string{"x"}, Map: headers, Server: server{"h", 1}, Maybe: &server{"h", 1},
		ByName: map[level]server{"a": {"h", 1}}}
	err := entry(t, "text:\npointer: 2\nlist: [y]\nmap: {b: '3', c: '4'}\nserver: {port: 2}\nmaybe: {port: 2}\nby_name: {a: {port: 2}}").Decode(&got)
	if err != nil {
		t.Fatal(err)
	}
	two := 2
	want := config{Text: "default", Int: 1, Pointer: &two, List: []string{"y"}, Map: map[string]string{"a": "1", "b": "3", "c": "4"},
		Server: server{"h", 2}, Maybe: &server{"h", 2}, ByName: map[level]server{"a": {"h", 2}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(config{})); diff != "" {
		t.Error(diff)
	}
	if one != 1 || len(headers) != 2 {
		t.Errorf("the defaults were changed: %d, %v", one, headers)
	}
}

func TestDecodeIntoSeveral(t *testing.T) {
	e := entry(t, "name: audit\nretry: {min: 1s}\ntext: a\nnmae: b")
	var c config
	var s common
	err := e.Decode(&s, &c)
	if c.Text != "a" || s.Name != "audit" || s.Retry.Min != time.Second {
		t.Errorf("got %+v, %+v", c, s)
	}
	if want := "acct.yaml:6: kafka.idem-*.nmae: unknown key; did you mean name?"; text(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := e.Decode(&c); !strings.Contains(text(err), "kafka.idem-*.retry: unknown key") {
		t.Errorf("a key of no target: %v", err)
	}
}

func TestDecodePanicsOnWrongTargets(t *testing.T) {
	for name, decode := range map[string]func(acct.Entry) error{
		"no pointer": func(e acct.Entry) error { return e.Decode(config{}) },
		"no struct":  func(e acct.Entry) error { return e.Decode(new(int)) },
		"channel":    func(e acct.Entry) error { return e.Decode(&struct{ Text chan int }{}) },
		"numeric keys": func(e acct.Entry) error {
			return e.Decode(&struct {
				Text struct{}
				Map  map[int]string
			}{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = decode(entry(t, "text: a\nmap: {}"))
		})
	}
}
