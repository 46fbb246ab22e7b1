package acct_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// canary is a secret that no error may hold.
const canary = "c4nary-s3cret"

// refusing quotes what it refuses, as a careless type does.
type refusing struct{ text string }

func (r *refusing) UnmarshalText(text []byte) error {
	if r.text = string(text); strings.Contains(r.text, "ok") {
		return nil
	}
	return fmt.Errorf("%q is no good; write it like ok", text)
}

// unquoted quotes what it refuses without quotation marks.
type unquoted struct{}

func (*unquoted) UnmarshalText(text []byte) error { return errors.New("no " + string(text) + " here") }

// stringsOrOne is a list, or one string.
type stringsOrOne []string

func (s *stringsOrOne) UnmarshalYAML(unmarshal func(any) error) error {
	var list []string
	if unmarshal(&list) == nil {
		*s = list
		return nil
	}
	var one string
	if unmarshal(&one) != nil {
		return errors.New("want a list of strings, or one string")
	}
	*s = strings.Split(one, ",")
	return nil
}

// passing returns the errors that it gets.
type passing struct{ server }

func (p *passing) UnmarshalYAML(unmarshal func(any) error) error { return unmarshal(&p.server) }

// node reads itself from a yaml.Node.
type node struct {
	Host  string
	Port  int
	Names []string
}

func (n *node) UnmarshalYAML(value *yaml.Node) error {
	type plain node
	return value.Decode((*plain)(n))
}

type leaves struct {
	Text     refusing     `yaml:"text"`
	Unquoted unquoted     `yaml:"unquoted"`
	Pointer  *refusing    `yaml:"pointer"`
	Strings  stringsOrOne `yaml:"strings"`
	Passing  passing      `yaml:"passing"`
	Node     node         `yaml:"node"`
	Many     []refusing   `yaml:"many"`
}

func TestLeaves(t *testing.T) {
	t.Setenv("ACCT_TEST", "from-env")
	in := "text: ok\npointer: 1ok\nstrings: 'a,b'\npassing: {host: h, port: 1}\nmany: [ok, okay]\n" +
		"node: &n {host: {env: ACCT_TEST}, port: 5, names: [a, {env: ACCT_TEST}]}"
	var got leaves
	if err := entry(t, in).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := leaves{Text: refusing{"ok"}, Pointer: &refusing{"1ok"}, Strings: stringsOrOne{"a", "b"}, Passing: passing{server{"h", 1}},
		Many: []refusing{{"ok"}, {"okay"}}, Node: node{"from-env", 5, []string{"a", "from-env"}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(refusing{}, passing{}, leaves{})); diff != "" {
		t.Error(diff)
	}
}

func TestLeafForms(t *testing.T) {
	t.Setenv("ACCT_TEST", "a,b")
	for in, want := range map[string]stringsOrOne{
		"strings: [a, b]":             {"a", "b"},
		"strings: a,b":                {"a", "b"},
		"strings: {env: ACCT_TEST}":   {"a", "b"},
		"strings: [{env: ACCT_TEST}]": {"a,b"},
		"strings:":                    nil,
	} {
		var got leaves
		if err := entry(t, in).Decode(&got); err != nil || !cmp.Equal(got.Strings, want) {
			t.Errorf("%s: %v, %v; want %v", in, got.Strings, err, want)
		}
	}
}

func TestLeafErrors(t *testing.T) {
	t.Setenv("ACCT_CANARY", canary)
	notSet := "environment variable ACCT_MISSING is not set, or empty; set it where evhub runs"
	for in, want := range map[string]string{
		"text: " + canary:                            "text: the value is no good; write it like ok",
		"text: {env: ACCT_CANARY}":                   "text: the value is no good; write it like ok",
		"text: [" + canary + "]":                     "text: want a single value (or {env: NAME}, {file: PATH}), not a list",
		"unquoted: " + canary:                        "unquoted: the value is not valid here",
		"unquoted: {env: ACCT_CANARY}":               "unquoted: the value is not valid here",
		"many: [ok, {env: ACCT_CANARY}]":             "many[1]: the value is no good; write it like ok",
		"strings: {a: " + canary + "}":               "strings: want a list of strings, or one string",
		"strings: {env: ACCT_MISSING}":               "strings: " + notSet,
		"strings: [a, {env: ACCT_MISSING}]":          "strings[1]: " + notSet,
		"strings: [a, [" + canary + "]]":             "strings[1]: want text (or {env: NAME}, {file: PATH}), not a list",
		"passing: {host: a, prot: " + canary + "}":   "passing.prot: unknown key; did you mean port?",
		"passing: {port: " + canary + "}":            "passing.port: want a whole number from 0 to 65535",
		"passing: " + canary:                         "passing: want a mapping, not a single value",
		"node: {port: " + canary + "}":               "node: the value is not valid here",
		"node: {port: {env: ACCT_CANARY}}":           "node: the value is not valid here",
		"node: {port: !!int " + canary + "}":         "node: the value is not valid here",
		"node: {host: {env: ACCT_MISSING}, port: 1}": "node.host: " + notSet,
	} {
		err := entry(t, in).Decode(&leaves{})
		if got := text(err); got != "acct.yaml:3: kafka.idem-*."+want {
			t.Errorf("%s:\n got %s\nwant acct.yaml:3: kafka.idem-*.%s", in, got, want)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary) {
			t.Errorf("%s: the secret leaks: %v", in, err)
		}
	}
}

// TestNoErrorQuotesAValue puts a secret at every place where a value can stand.
func TestNoErrorQuotesAValue(t *testing.T) {
	shapes := []string{"%s", "[%s]", "{a: %s}", "{env: %s}", "{file: %s/x}", "!!int %s", "!!binary %s-", "!foo %s", "&a %s", "*%s", "'%s", "{{%s}}", "%s: 1"}
	keys := []string{"text", "flag", "int", "duration", "pointer", "list", "map", "any", "server", "servers", "strings", "node", "passing", "unquoted", "nonsense"}
	type everything struct {
		config `yaml:",inline"`
		leaves `yaml:",inline"`
	}
	for _, shape := range shapes {
		// What names a variable, a file, a tag or a key is no secret.
		named := strings.Contains(shape, "env") || strings.Contains(shape, "file") || strings.HasSuffix(shape, "s: 1") || strings.HasPrefix(shape, "{{")
		for _, key := range keys {
			in := "kafka:\n  x:\n    " + key + ": " + fmt.Sprintf(shape, canary) + "\n"
			if err := decodeInto(in, new(everything)); err != nil && !named && strings.Contains(err.Error(), canary) {
				t.Errorf("%s leaks: %v", in, err)
			}
		}
	}
}
