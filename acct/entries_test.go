package acct_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
)

var ourNames = []string{"kafka", "pika", "amqp", "rabbitmq", "internal"}

// broad takes the settings of Idem's providers.
type broad struct {
	Topics     []string       `yaml:"topics"`
	Key        string         `yaml:"key"`
	Partition  *int           `yaml:"partition"`
	RoutingKey string         `yaml:"routing_key"`
	Exchange   string         `yaml:"exchange"`
	Timeout    float64        `yaml:"timeout"`
	Connection map[string]any `yaml:"connection"`
}

// decoded is an entry with its settings, without its place.
type decoded struct {
	Section, Pattern string
	Settings         broad
}

func decodeEntries(t *testing.T, f *acct.File) []decoded {
	t.Helper()
	entries, warnings, err := f.Entries(ourNames)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Entries: %v, %v", warnings, err)
	}
	var all []decoded
	for _, e := range entries {
		d := decoded{Section: e.Section, Pattern: e.Pattern}
		if err := e.Decode(&d.Settings); err != nil {
			t.Fatalf("Decode: %v", err)
		}
		all = append(all, d)
	}
	return all
}

func parseFixture(t *testing.T, name string) *acct.File {
	t.Helper()
	path := filepath.Join("testdata", name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := acct.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func patterns(t *testing.T, in string) []string {
	t.Helper()
	f, err := acct.Parse("acct.yaml", []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := f.Entries(ourNames)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Section+"/"+e.Pattern)
	}
	return all
}

func TestDictForm(t *testing.T) {
	two := 2
	want := []decoded{
		{"kafka", "idem-*", broad{Topics: []string{"evt-one", "evt-two"}, Key: "clé", Partition: &two,
			Connection: map[string]any{"bootstrap_servers": "127.0.0.1:19092", "client_id": "capture", "acks": 1}}},
		{"kafka", "default", broad{Topics: []string{"evt-nokey"}, Connection: map[string]any{"bootstrap_servers": []any{"127.0.0.1:19092"}}}},
		{"pika", "idem-status", broad{RoutingKey: "evt-status",
			Connection: map[string]any{"host": "127.0.0.1", "port": 15673, "login": "guest", "password": "guest"}}},
		{"pika", "idem-*", broad{RoutingKey: "any.key", Exchange: "evt-topic", Timeout: 5,
			Connection: map[string]any{"url": "amqp://guest:guest@127.0.0.1:15673/%2f"}}},
	}
	if diff := cmp.Diff(want, decodeEntries(t, parseFixture(t, "acct-dict.yaml"))); diff != "" {
		t.Error(diff)
	}
}

func TestListForm(t *testing.T) {
	connection := map[string]any{"bootstrap_servers": "127.0.0.1:19092"}
	entry := func(pattern, key string) decoded {
		return decoded{"kafka", pattern, broad{Topics: []string{"evt-list"}, Key: key, Connection: connection}}
	}
	want := []decoded{
		entry("idem-status", "first"), entry("idem-status", "second"), entry("idem-*", "star"),
		entry("*", "everything"), entry("[!x]dem-?tatus", "set"), entry("IDEM-STATUS", "upper"),
	}
	if diff := cmp.Diff(want, decodeEntries(t, parseFixture(t, "acct-list.yaml"))); diff != "" {
		t.Error(diff)
	}
}

func TestRegexFile(t *testing.T) {
	f := parseFixture(t, "acct-regex.yaml")
	if got := decodeEntries(t, f); f.MatchPlugin != "regex" || len(got) != 2 || got[0].Pattern != "idem-.*" {
		t.Errorf("match_plugin %q, entries %v", f.MatchPlugin, got)
	}
}

func TestPatternsAreTakenAsWritten(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		want []string
	}{
		"null entry":      {"internal:\n  default:\n", []string{"internal/default"}},
		"null in list":    {"internal:\n  - default:\n    other: ~\n", []string{"internal/default", "internal/other"}},
		"number":          {"kafka: {1: {}, 0x10: {}, 1.50: {}}", []string{"kafka/1", "kafka/0x10", "kafka/1.50"}},
		"boolean":         {"kafka: {yes: {}, True: {}, ~: {}}", []string{"kafka/yes", "kafka/True", "kafka/~"}},
		"empty":           {"kafka: {'': {}}", []string{"kafka/"}},
		"order":           {"pika: {b: }\nkafka: [{z: }, {y: , a: }]\namqp: {b: }", []string{"pika/b", "kafka/z", "kafka/y", "kafka/a", "amqp/b"}},
		"alias":           {"kafka: {a: &x {key: 1}, b: *x}", []string{"kafka/a", "kafka/b"}},
		"section alias":   {"kafka: &k {a: , b: }\npika: *k", []string{"kafka/a", "kafka/b", "pika/a", "pika/b"}},
		"merge":           {"base: &k {a: , b: }\npika: {c: , <<: *k, b: {key: own}}", []string{"pika/c", "pika/b", "pika/a"}},
		"merge in quotes": {"pika: {'<<': {}}", []string{"pika/<<"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, patterns(t, tt.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEntriesKeepsWhatIsSound(t *testing.T) {
	f, err := acct.Parse("acct.yaml", []byte("kafka:\n  bad: text\n  good: {}\npika: [x]\namqp: {fine: {}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := f.Entries(ourNames)
	if len(entries) != 2 || entries[0].Pattern != "good" || entries[0].Line != 3 || entries[1].Pattern != "fine" {
		t.Errorf("entries %v", entries)
	}
	want := "acct.yaml:2: kafka.bad: want a mapping of settings below the pattern, not a single value\n" +
		"acct.yaml:4: pika[0]: want a mapping of a pattern to its settings, not a single value"
	if diff := cmp.Diff(want, text(err)); diff != "" {
		t.Error(diff)
	}
}

func TestWarnings(t *testing.T) {
	const backends = "names stores that acct would fetch profiles from, which evhub does not: what it needs must be in this file"
	for name, tt := range map[string]struct{ in, want string }{
		"credentials":     {"aws: {default: {id: 1, key: s}}\nmisc: [1]\nnone:\n", ""},
		"near miss":       {"kafak: {x: {connection: {}}}", "acct.yaml:1: kafak: belongs to no provider and is ignored; did you mean kafka?"},
		"case":            {"Kafka: [{x: {connection: {}}}]", "acct.yaml:1: Kafka: belongs to no provider and is ignored; did you mean kafka?"},
		"dotted":          {"kafka.prod: {x: {connection: {}}}", "acct.yaml:1: kafka.prod: belongs to no provider and is ignored; did you mean kafka?"},
		"unknown":         {"a: 1\nsqs: {x: {connection: {}}}", "acct.yaml:2: sqs: has a connection, but belongs to no provider and is ignored"},
		"no connection":   {"kafkaa: {x: {topics: [a]}}", "acct.yaml:1: kafkaa: belongs to no provider and is ignored; did you mean kafka?"},
		"farther":         {"kaffa_: {x: {topics: [a]}}", ""},
		"two edits":       {"rabbimq2: {x: {topics: [a]}}", ""},
		"match_plugin":    {"match-plugin: regex", "acct.yaml:1: match-plugin: is ignored; did you mean match_plugin?"},
		"match_plugn":     {"match_plugn: regex", "acct.yaml:1: match_plugn: is ignored; did you mean match_plugin?"},
		"a known one":     {"kafka: {x: {connection: {}}}", ""},
		"default":         {"default: prod\nbackend_key: x\n", ""},
		"backends":        {"acct-backends: {aws: {default: {connection: a}}}", "acct.yaml:1: acct-backends: " + backends},
		"other backends":  {"backend_key: mine\nmine: {aws: {x: }}", "acct.yaml:2: mine: " + backends},
		"no backends":     {"acct-backends: {}\n", ""},
		"not its key":     {"backend_key: mine\nacct-backends: {aws: {x: }}\n", ""},
		"deep connection": {"gcp: {x: {y: {connection: {}}}}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := acct.Parse("acct.yaml", []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			_, warnings, err := f.Entries(ourNames)
			got := ""
			for _, w := range warnings {
				got += w.String()
			}
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v\nwant %q", got, err, tt.want)
			}
		})
	}
}
