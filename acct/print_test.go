package acct_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
)

// reopened encrypts text and returns the file that Load makes of it.
func reopened(t testing.TB, plugin, text string) *acct.File {
	t.Helper()
	sealed, key, _ := encrypted(t, plugin, text)
	path := filepath.Join(t.TempDir(), "acct")
	writeBytes(t, path, sealed)
	f, err := acct.Load(path, acct.Options{Key: key, Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestEncryptedAndDecrypted checks what encrypting and decrypting again makes of a file.
func TestEncryptedAndDecrypted(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"empty":         {"", "{}\n"},
		"comments":      {"# a\n---\n# b\n", "{}\n"},
		"null":          {"a:\nb: ~\nc: Null\n~: d\n", "a: null\nb: null\nc: null\nnull: d\n"},
		"text":          {"a: b\nc: \"d\"\n'e f': g h\n", "a: b\nc: d\ne f: g h\n"},
		"order":         {"z: 1\na: 2\nm: 3\n", "z: 1\na: 2\nm: 3\n"},
		"unicode":       {"p: päss wörd ☃\nq: 😀\n", "p: päss wörd ☃\nq: \"\\U0001F600\"\n"},
		"references":    {"k: {x: {password: {env: A}, token: {file: b/c}}}\n", "k:\n  x:\n    password:\n      env: A\n    token:\n      file: b/c\n"},
		"lists":         {"a: [[1, [2]], {b: [c]}, []]\nd: {}\n", "a:\n  - - 1\n    - - 2\n  - b:\n      - c\n  - []\nd: {}\n"},
		"booleans":      {"a: yes\nb: Off\nc: TRUE\nd: 'no'\non: y\n", "a: true\nb: false\nc: true\nd: \"no\"\ntrue: y\n"},
		"integers":      {"a: 0x1F\nb: 0b11\nc: 1_000\nd: 017\ne: -017\nf: 1:30\ng: 0o17\nh: -5\n", "a: 31\nb: 3\nc: 1000\nd: 17\ne: -15\nf: 90\ng: \"0o17\"\nh: -5\n"},
		"long integers": {"a: 18446744073709551615\nb: 18446744073709551616\nc: -9223372036854775809\n", "a: 18446744073709551615\nb: \"18446744073709551616\"\nc: \"-9223372036854775809\"\n"},
		"floats":        {"a: 1.50\nb: 1e3\nc: 1.0e+30\nd: .inf\ne: -.INF\nf: .NaN\ng: 1.\nh: 0.00001\ni: 1:30.5\nj: 1.0e+400\nk: 0.0\n", "a: 1.5\nb: \"1e3\"\nc: 1.0e+30\nd: .inf\ne: -.inf\nf: .nan\ng: 1.0\nh: 1.0e-05\ni: 90.5\nj: .inf\nk: 0.0\n"},
		"times":         {"a: 2024-03-19\nb: 2024-03-19 12:00:00.123456+00:00\n", "a: \"2024-03-19\"\nb: 2024-03-19 12:00:00.123456+00:00\n"},
		"tags":          {"a: !!str 1\nb: !!int \"7\"\nc: !!float 2\nd: !!bool 'yes'\ne: !!null x\nf: !!binary aGk=\ng: !!timestamp 2024-01-01\n", "a: \"1\"\nb: 7\nc: 2.0\nd: true\ne: null\nf: hi\ng: \"2024-01-01\"\n"},
		"anchors":       {"a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: *a\nd: {<<: [{y: 1}, *a]}\n", "a:\n  x: 1\n  y: 2\nb:\n  x: 3\n  y: 2\nc:\n  x: 1\n  y: 2\nd:\n  y: 1\n  x: 1\n"},
		"signs":         {"a: '<<'\n'<<': '='\nb: '- x'\nc: 'x: y'\nd: ' x '\ne: '*'\nf: ''\n", "a: \"<<\"\n\"<<\": \"=\"\nb: '- x'\nc: 'x: y'\nd: ' x '\ne: '*'\nf: \"\"\n"},
		"several lines": {"a: |\n  -----BEGIN\n  abc\n  -----END\nb: \"x\\n y\\n\"\nc: \"\\n\"\n", "a: |\n  -----BEGIN\n  abc\n  -----END\nb: \"x\\n y\\n\"\nc: \"\\n\"\n"},
		"foreign lines": {"a: \"x\\n\\u2028y\\x85\"\nb: \"é\\nb\"\n", "a: \"x\\n\\Ly\\N\"\nb: \"é\\nb\"\n"},
		"long numbers":  {"a: " + strings.Repeat("1", 5000), "a: \"" + strings.Repeat("1", 5000) + "\"\n"},
		"controls":      {"a: \"\\e\\x7f\\t\\u2028\\ufeff\\0\"\n", "a: \"\\e\\x7F\\t\\L\\uFEFF\\0\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, plugin := range acct.CryptoPlugins() {
				got, err := reopened(t, plugin, tt.in).YAML()
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != tt.want {
					t.Error(cmp.Diff(tt.want, string(got)))
				}
				if again, err := reopened(t, plugin, string(got)).YAML(); string(again) != string(got) {
					t.Errorf("not the same after another time: %s%v", again, err)
				}
			}
		})
	}
}

func TestJSON(t *testing.T) {
	for name, tt := range map[string]struct{ in, want, err string }{
		"empty":    {"", "{}", ""},
		"all":      {"z: [1, 1.0, -5, yes, ~, 'a<b', !!binary aGk=]\n2: {}\ntrue: []\na: 18446744073709551616", `{"z":[1,1.0,-5,true,null,"a<b","hi"],"2":{},"true":[],"a":18446744073709551616}`, ""},
		"infinity": {"a: {b: .inf}", "", "acct.yaml: holds .inf, which JSON cannot express"},
		"no tree":  {"a: !!set {b}", "", "acct.yaml:1: a: the YAML tag !!set is not supported; remove it"},
	} {
		f, err := acct.Parse("acct.yaml", []byte(tt.in))
		check(t, err)
		if got, err := f.JSON(); string(got) != tt.want || text(err) != tt.err {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestWhatCannotBeEncrypted(t *testing.T) {
	key, err := acct.NewKey(acct.Fernet)
	check(t, err)
	for in, want := range map[string]string{
		"a: 1\nother: {b: 1, b: 2}\n":           "acct.yaml:2: other.b: duplicate key, first on line 2; remove one",
		"other:\n  1: a\n  1.0: b\n":            "acct.yaml:3: other.1.0: is the same key for acct as an earlier one; remove one, or put quotes around it",
		"other:\n  yes: a\n  on: b\n":           "acct.yaml:3: other.on: is the same key for acct as an earlier one; remove one, or put quotes around it",
		"other:\n  0x10: a\n  16: b\n":          "acct.yaml:3: other.16: is the same key for acct as an earlier one; remove one, or put quotes around it",
		"other: [!!set {a, b}]\n":               "acct.yaml:1: other[0]: the YAML tag !!set is not supported; remove it",
		"other: {[a]: b}\n":                     "acct.yaml:1: other: " + quoteKey,
		"other: !!int secret\n":                 "acct.yaml:1: other: the value does not fit its tag",
		"other: !!float 1.2.3\n":                "acct.yaml:1: other: the value does not fit its tag",
		"other: !!bool secret\n":                "acct.yaml:1: other: the value does not fit its tag",
		"other: !!binary '%'\n":                 "acct.yaml:1: other: the value does not fit its tag",
		"other: !!binary /w==\n":                "acct.yaml:1: other: is binary data that is no UTF-8 text, which acct cannot read back from an encrypted file",
		"a: !!int x\nb: [!!int y]\n":            "acct.yaml:1: a: the value does not fit its tag\nacct.yaml:2: b[0]: the value does not fit its tag",
		"other: {0: a, no: b}":                  "acct.yaml:1: other.no: is the same key for acct as an earlier one; remove one, or put quotes around it",
		"other: !!int --1\n":                    "acct.yaml:1: other: the value does not fit its tag",
		"other: {true: a, 1: b, 1.5: c, -0: 1}": "acct.yaml:1: other.1: is the same key for acct as an earlier one; remove one, or put quotes around it",
	} {
		f, err := acct.Parse("acct.yaml", []byte(in))
		check(t, err)
		if _, _, err := f.Encrypt(acct.Fernet, key); text(err) != want {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
		if _, err := f.YAML(); text(err) != want {
			t.Errorf("%q as YAML: got %v, want %s", in, err, want)
		}
	}
}

func TestWhatEncryptingWarnsOf(t *testing.T) {
	const (
		number = "is a number for acct (YAML 1.1), and will be written in another way; put quotes around it if it is text"
		truth  = "is true or false for acct (YAML 1.1), and will be written in another way; put quotes around it if it is text"
		jinja  = "looks like Jinja, which acct would have rendered when it encrypts the file; here it stays as it is written"
	)
	for in, want := range map[string]string{
		"a: {password: 0123}":            "acct.yaml:1: a.password: " + number,
		"a: [b, 1.10]":                   "acct.yaml:1: a[1]: " + number,
		"a: 22:22":                       "acct.yaml:1: a: " + number,
		"a: no":                          "acct.yaml:1: a: " + truth,
		"on: {}":                         "acct.yaml:1: on: " + truth,
		"a: '{{ b }}'":                   "acct.yaml:1: a: " + jinja,
		"a: 'x {% if %}'":                "acct.yaml:1: a: " + jinja,
		"a: [1, 1.5, True, ~, x, '017']": "",
		"a: {b: 1.0, c: '{'}":            "",
	} {
		_, _, warnings := encrypted(t, acct.Fernet, in)
		got := ""
		for _, w := range warnings {
			got += w.String()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
