package acct_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
)

// parseCase is a file and the errors of Parse, or else of Entries for kafka and rabbitmq, one on each line.
type parseCase struct{ in, want string }

func checkParse(t *testing.T, cases map[string]parseCase) {
	t.Helper()
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			f, err := acct.Parse("acct.yaml", []byte(tt.in))
			if err == nil {
				_, _, err = f.Entries([]string{"kafka", "rabbitmq"})
			} else if f != nil {
				t.Error("Parse returned a file together with an error")
			}
			if diff := cmp.Diff(tt.want, text(err)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if err != nil && !errors.As(err, new(*acct.Error)) {
				t.Errorf("%T is no *acct.Error", err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFilesWithoutEntries(t *testing.T) {
	checkParse(t, map[string]parseCase{
		"empty":              {in: ""},
		"blank":              {in: "\n\n"},
		"comment":            {in: "# nothing yet\n"},
		"null":               {in: "~\n"},
		"null section":       {in: "kafka:\n"},
		"empty section":      {in: "kafka: {}\n"},
		"empty list":         {in: "kafka: []\n"},
		"byte order mark":    {in: "\ufeffkafka: {}\n"},
		"document start":     {in: "---\nkafka: {}\n...\n"},
		"foreign sections":   {in: "aws: 1\ngcp: [[x]]\n? [complex]\n", want: "acct.yaml:3: " + quoteKey},
		"foreign duplicates": {in: "aws: {a: 1, a: 2}\ngcp: !vault x\n"},
	})
}

const quoteKey = "want plain text as the key; put quotes around it if it begins with [ or { (Jinja is not rendered)"

func TestSyntaxErrors(t *testing.T) {
	jinja := "not valid YAML; Jinja is not rendered in plaintext files: write plain YAML, or encrypt the file with `acct encrypt`, which renders it"
	star := `a pattern that begins with * needs quotes, as in "*":`
	checkParse(t, map[string]parseCase{
		"star":                {in: "kafka:\n  *: {}\n", want: "acct.yaml:2: " + star},
		"star with name":      {in: "kafka:\n  *-status: {}\n", want: "acct.yaml:2: " + star},
		"star in list":        {in: "kafka:\n  - *x:\n      topics: [a]\n", want: "acct.yaml:2: " + star},
		"star as value":       {in: "kafka:\n  x:\n    password: *hunter2\n", want: "acct.yaml:3: not valid YAML: unknown anchor; a value that begins with * needs quotes"},
		"tab":                 {in: "kafka:\n\tx: {}\n", want: "acct.yaml:2: indented with a tab; use spaces"},
		"jinja statement":     {in: "kafka:\n{% set a = 1 %}\n", want: "acct.yaml:2: " + jinja},
		"jinja in value":      {in: "kafka:\n  x:\n    key: {{ hunter2 }}\n", want: "acct.yaml:3: kafka.x.key: " + quoteKey},
		"set as pattern":      {in: "kafka:\n  [!x]dem: {}\n", want: `acct.yaml:2: not valid YAML; a pattern that begins with [ needs quotes, as in "[ab]*":`},
		"list as pattern":     {in: "kafka:\n  [ab]: {}\n", want: "acct.yaml:2: kafka: " + quoteKey},
		"unclosed":            {in: "kafka: {x: {}\n", want: "acct.yaml:1: not valid YAML: did not find expected ',' or '}'"},
		"bad indent":          {in: "kafka:\n  x: {}\n y: {}\n", want: "acct.yaml:2: not valid YAML: did not find expected key"},
		"two documents":       {in: "kafka: {}\n---\npika: {}\n", want: "acct.yaml:2: a second YAML document starts here; an acct file is a single one, remove the ---"},
		"list at top":         {in: "- kafka\n", want: "acct.yaml:1: want a mapping with a key for each provider, such as kafka, not a list"},
		"text at top":         {in: "kafka\n", want: "acct.yaml:1: want a mapping with a key for each provider, such as kafka, not a single value"},
		"not UTF-8":           {in: "kafka:\n  x: \xff\n", want: "acct.yaml:2: is not UTF-8 text; save it as UTF-8, or, if it is encrypted, give its key in ACCT_KEY or a key file"},
		"UTF-16":              {in: "\xff\xfek\x00", want: "acct.yaml: is UTF-16; save it as UTF-8"},
		"control":             {in: "a:\n\n  \x1b\n", want: "acct.yaml:3: control character U+001B; in a quoted string write an escape such as \"\\x1b\""},
		"Fernet":              {in: "gAAAAABrAlUszrFMWDHbm3Ul6GZTMcwg==\n", want: "acct.yaml: is encrypted (a Fernet token); give the key that it was encrypted with, in ACCT_KEY or a key file"},
		"duplicate section":   {in: "kafka: {}\naws: {}\nkafka: {}\n", want: "acct.yaml:3: kafka: duplicate key, first on line 1; remove one"},
		"match_plugin: list":  {in: "match_plugin: [glob]\n", want: "acct.yaml:1: match_plugin: want the name of a match plugin, such as glob or regex"},
		"match_plugin: empty": {in: "match_plugin: ''\n", want: "acct.yaml:1: match_plugin: want the name of a match plugin, such as glob or regex"},
		"two mistakes": {in: "match_plugin: {}\nkafka: {}\nkafka: {}\n",
			want: "acct.yaml:3: kafka: duplicate key, first on line 2; remove one\nacct.yaml:1: match_plugin: want the name of a match plugin, such as glob or regex"},
	})
}

func TestShapeErrors(t *testing.T) {
	checkParse(t, map[string]parseCase{
		"text for section":  {in: "kafka: localhost:9092\n", want: "acct.yaml:1: kafka: want a mapping of patterns to settings, or a list of such mappings, not a single value"},
		"text for settings": {in: "kafka:\n  idem-*: localhost\n", want: "acct.yaml:2: kafka.idem-*: want a mapping of settings below the pattern, not a single value"},
		"list for settings": {in: "kafka:\n  - idem-*: [a]\n", want: "acct.yaml:2: kafka[0].idem-*: want a mapping of settings below the pattern, not a list"},
		"text in list":      {in: "kafka:\n  - a: {}\n  - idem\n", want: "acct.yaml:3: kafka[1]: want a mapping of a pattern to its settings, not a single value"},
		"null in list":      {in: "kafka:\n  -\n", want: "acct.yaml:2: kafka[0]: want a mapping of a pattern to its settings, not nothing"},
		"repeated pattern":  {in: "kafka:\n  x: {}\n  y: {}\n  x: {}\n", want: "acct.yaml:4: kafka.x: duplicate key, first on line 2; remove one"},
		"repeated in list":  {in: "kafka:\n  - {x: {}}\n  - {x: {}}\n"},
		"repeated setting":  {in: "kafka:\n  x:\n    connection:\n      a: 1\n      a: 2\n", want: "acct.yaml:5: kafka.x.connection.a: duplicate key, first on line 4; remove one"},
		"match_plugin":      {in: "kafka:\n  match_plugin: regex\n  x: {}\n", want: "acct.yaml:2: kafka.match_plugin: match_plugin holds for the whole file; move it to the top level"},
		"tag":               {in: "kafka:\n  x:\n    key: !!python/object:os.system a\n", want: "acct.yaml:3: kafka.x.key: the YAML tag !!python/object:os.system is not supported; remove it"},
		"tag on key":        {in: "kafka:\n  !foo x: {}\n", want: "acct.yaml:2: kafka.x: the YAML tag !foo is not supported; remove it"},
		"tag on section":    {in: "kafka: !foo {}\n", want: "acct.yaml:1: kafka: the YAML tag !foo is not supported; remove it"},
		"own tags":          {in: "kafka: !!map {x: !!map {topics: !!seq [!!str a], b: !!binary YQ==}}\n"},
		"merge of text":     {in: "kafka:\n  x:\n    <<: a\n", want: "acct.yaml:3: kafka.x.<<: want an alias of a mapping, or a list of such aliases, to merge"},
		"odd names":         {in: "kafka:\n  \"\": a\n  \"x\\ny\": b\n", want: "acct.yaml:2: kafka.\"\": want a mapping of settings below the pattern, not a single value\nacct.yaml:3: kafka.\"x\\ny\": want a mapping of settings below the pattern, not a single value"},
	})
}

func TestMatchPlugin(t *testing.T) {
	for in, want := range map[string]string{
		"kafka: {}":               "glob",
		"match_plugin:":           "glob",
		"match_plugin: regex":     "regex",
		"match_plugin: own-thing": "own-thing",
	} {
		f, err := acct.Parse("acct.yaml", []byte(in))
		if err != nil || f.MatchPlugin != want {
			t.Errorf("%q: %q, %v; want %q", in, f.MatchPlugin, err, want)
		}
	}
}

func TestNamesOfAcct(t *testing.T) {
	for in, want := range map[string][2]string{
		"kafka: {}":                          {"default", "acct-backends"},
		"default: prod\nbackend_key: mine\n": {"prod", "mine"},
		"default:\nbackend_key: ~\n":         {"default", "acct-backends"},
	} {
		f, err := acct.Parse("acct.yaml", []byte(in))
		if err != nil || f.Default != want[0] || f.BackendKey != want[1] {
			t.Errorf("%q: %+v, %v", in, f, err)
		}
	}
	checkParse(t, map[string]parseCase{
		"default":     {in: "default: {a: b}", want: "acct.yaml:1: default: want the name of a profile, as acct has it"},
		"backend_key": {in: "backend_key: [a]", want: "acct.yaml:1: backend_key: want the key of the section with acct's backends"},
	})
}

func TestMatchPluginError(t *testing.T) {
	f, err := acct.Parse("acct.yaml", []byte("kafka: {}\nmatch_plugin: rexeg\n"))
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("unknown plugin")
	err = f.MatchPluginError(cause)
	if want := "acct.yaml:2: match_plugin: unknown plugin"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}
