package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/idemjson"
)

func TestTagsAndTagAddUp(t *testing.T) {
	for _, c := range []struct{ tags, want string }{
		{`{"z": 1.0}`, `{"z": 1.0, "a": "b"}`}, {"{}", `{"a": "b"}`}, {" { } \n", `{"a": "b"}`}, {`{"z":1}  `, `{"z": 1, "a": "b"}`},
	} {
		e := singleEvent{body: "1", tags: c.tags, tagsGiven: true, tagPairs: []string{"a=b"}}
		event, err := e.event()
		if err != nil {
			t.Fatal(err)
		}
		spelled, err := idemjson.AppendObject(nil, event.Tags)
		if err != nil || string(spelled) != c.want {
			t.Errorf("--tags %q --tag a=b: %s, %v; want %s", c.tags, spelled, err, c.want)
		}
	}
}

func TestFlagsThatCannotBe(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"tag in tags too":    {[]string{"--body", "1", "--tag", "a=b", "--tags", `{"a": 1}`}, "--tag a: --tags has this key too"},
		"tag without value":  {[]string{"--body", "1", "--tag", "a"}, "want key=value"},
		"tag without key":    {[]string{"--body", "1", "--tag", "=a"}, "want key=value"},
		"tags no JSON":       {[]string{"--body", "1", "--tags", "{"}, "--tags is not JSON"},
		"tags a list":        {[]string{"--body", "1", "--tags", "[]"}, "--tags must be a JSON object"},
		"body no JSON":       {[]string{"--body", "FINISHED"}, "--body is not JSON"},
		"empty body":         {[]string{"--body", ""}, "--body is not JSON"},
		"bad UTF-8":          {[]string{"--body", "1", "--tag", "a=\xff"}, "must be valid UTF-8"},
		"body and events":    {[]string{"--body", "1", "--events", "x"}, "give one of them"},
		"profile, no body":   {[]string{"--profile", "p"}, "--profile describes one event"},
		"id, no body":        {[]string{"--id", "p"}, "--id describes one event"},
		"format":             {[]string{"--body", "1", "--format", "xml"}, "--format: no format \"xml\"; there are idem, idem-compact, raw, cloudevents, msgpack"},
		"negative timeout":   {[]string{"--body", "1", "--timeout", "-1s"}, "must not be negative"},
		"timeout, no unit":   {[]string{"--body", "1", "--timeout", "5"}, "--timeout"},
		"unknown flag":       {[]string{"--boddy", "1"}, "--boddy"},
		"an argument":        {[]string{"--body", "1", "more"}, "takes no arguments"},
		"output":             {[]string{"--body", "1", "-o", "yaml"}, "want text or json"},
		"log level":          {[]string{"--body", "1", "--log-level", "loud"}, "want debug, info, warn or error"},
		"no such acct file":  {[]string{"--body", "1", "-f", acctFile + ".missing"}, "no such file"},
		"acct file is empty": {[]string{"--body", "1", "-f", ""}, "no acct file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := evhub(t, "{\"body\": 1}", append([]string{"put", "-f", acctFile}, c.args...)...)
			r.want(t, exitUsage, "evhub: ", c.want)
			if got := read(t, events); got != "" {
				t.Errorf("%q was sent all the same", got)
			}
		})
	}
	evhub(t, "", "putt").want(t, exitUsage, `no command "putt"; did you mean put?`)
	evhub(t, "").want(t, exitDone, "Usage:")
}

func TestMistakesInTheAcctFileComeAllAtOnce(t *testing.T) {
	acctFile := write(t, "acct.yaml", "file:\n  a: {paht: /x}\n  b: {path: /x, delivery: {on_full: wait}}\n")
	r := evhub(t, "", "put", "-f", acctFile, "--body", "1")
	r.want(t, exitUsage, acctFile+":2: file.a.paht: ", "did you mean path", acctFile+":3: file.b.delivery.on_full: ")
}

func TestOneEvent(t *testing.T) {
	acctFile, events := toFile(t, "idem")
	r := evhub(t, "", "put", "-f", acctFile, "--body", `{"b": 1e5, "a": 1.0, "n": 1000000000000000000000000000000}`,
		"--profile", "p", "--run-name", "nightly", "--key", "k", "--id", "id-1", "--tag", "z=1", "--tag", "a=ü=<2>", "--tag", "z=3")
	r.want(t, exitDone)
	want := `{"tags": {"z": "3", "a": "\u00fc=<2>"}, "message": {"b": 1e5, "a": 1.0, "n": 1000000000000000000000000000000}, "run_name": "nightly"}` + "\n"
	if diff := cmp.Diff(want, read(t, events)); diff != "" {
		t.Error(diff)
	}
	if r.out+r.err != "" {
		t.Errorf("all went well, and it says %q", r.out+r.err)
	}
}

// TestTextPassesThrough checks that JSON given as text keeps its numbers and the order of its keys.
func TestTextPassesThrough(t *testing.T) {
	const body = `{"z": 1000000000000000000000000000000, "a": [1.0, 1e5, -0, 1E+2, 0.10], "m": {"b": 1, "a": 2}}`
	for _, c := range []struct{ format, want string }{
		{"raw", body},
		{"idem", `{"tags": {"y": 1.0, "x": 2}, "message": ` + body + `, "run_name": "cli"}`},
		{"idem-compact", strings.ReplaceAll(`{"tags": {"y": 1.0, "x": 2}, "message": `+body+`, "run_name": "cli"}`, " ", "")},
	} {
		acctFile, events := toFile(t, "raw")
		evhub(t, "", "put", "-f", acctFile, "--format", c.format, "--body", body, "--tags", `{"y": 1.0, "x": 2}`).want(t, exitDone)
		evhub(t, `{"body": `+body+`, "tags": {"y": 1.0, "x": 2}}`, "put", "-f", acctFile, "--format", c.format).want(t, exitDone)
		if diff := cmp.Diff(c.want+"\n"+c.want+"\n", read(t, events)); diff != "" {
			t.Errorf("%s: %s", c.format, diff)
		}
	}
}

func TestUnmatchedIsDoneAndStrictRefuses(t *testing.T) {
	acctFile := write(t, "acct.yaml", "internal:\n  p: {routing_key: q}\n")
	evhub(t, "", "put", "-f", acctFile, "--body", "1", "--profile", "other").want(t, exitDone, "1 matched no destination")
	evhub(t, "", "put", "-f", acctFile, "--body", "1", "--profile", "other", "--strict").want(t, exitRefused, "no destination matches the profile: other")
	r := evhub(t, "{\"body\":1,\"profile\":\"p\"}\n{\"body\":2,\"profile\":\"x\"}\n{\"body\":3,\"profile\":\"p\"}\n", "put", "-f", acctFile, "--strict")
	r.want(t, exitRefused, "line 2: ", "2 events accepted, 2 delivered, 1 refused")
}

func TestAcctFileOfTheEnvironment(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	t.Setenv("ACCT_FILE", acctFile)
	evhub(t, "", "put", "--body", "1").want(t, exitDone)
	if got := read(t, events); got != "1\n" {
		t.Errorf("arrived: %q", got)
	}
	other, others := toFile(t, "raw")
	evhub(t, "", "put", "-f", other, "--body", "2").want(t, exitDone)
	if got := read(t, others); got != "2\n" {
		t.Errorf("-f must win over $ACCT_FILE; arrived: %q", got)
	}
}

func TestEncryptedAcctFile(t *testing.T) {
	const dir = "../../acct/testdata/"
	t.Setenv("ACCT_KEY", strings.TrimSpace(read(t, dir+"acct.fernet.key")))
	evhub(t, "", "check", dir+"acct.fernet").want(t, exitDone, "is right")
	t.Setenv("ACCT_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	evhub(t, "", "check", dir+"acct.fernet").want(t, exitUsage, "acct.fernet: ")
	t.Setenv("ACCT_KEY", "")
	evhub(t, "", "check", dir+"acct.fernet").want(t, exitUsage, "ACCT_KEY")
}
