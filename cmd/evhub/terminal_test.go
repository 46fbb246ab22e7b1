package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// evil has what could control a terminal, forge a line, or hide text.
const evil = "a\x1b[2J\u009b31m\r\nforged\x00\x07\u202e\u2028\x7fz"

// obeyed reports whether text has a character that a terminal obeys, beside the ends of lines.
func obeyed(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && hidden(r) })
}

// quoted returns text as a JSON string.
func quoted(text string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return `"` + b.String() + `"`
}

func TestDataCannotControlTheTerminal(t *testing.T) {
	anywhere := write(t, "acct.yaml", "internal:\n  "+quoted(evil)+": {routing_key: q}\n")
	elsewhere := write(t, "acct.yaml", "internal:\n  p: {routing_key: q}\n")
	input := fmt.Sprintf("{\"body\": {%s: %s}, \"profile\": %s, \"run_name\": %s, \"key\": %s, \"tags\": {%s: %s}}\n",
		quoted(evil), quoted(evil), quoted(evil), quoted(evil), quoted(evil), quoted(evil), quoted(evil))
	for name, c := range map[string]struct {
		stdin string
		args  []string
	}{
		"put":            {input, []string{"put", "-f", anywhere, "--wait", "--log-level", "debug"}},
		"unmatched":      {input, []string{"put", "-f", elsewhere, "--wait", "--log-level", "debug"}},
		"strict":         {input, []string{"put", "-f", elsewhere, "--strict"}},
		"strict, JSON":   {input, []string{"put", "-f", elsewhere, "--strict", "-o", "json"}},
		"listen":         {input, []string{"listen", "-f", anywhere}},
		"listen, JSON":   {input, []string{"listen", "-f", anywhere, "-o", "json"}},
		"routes":         {"", []string{"routes", anywhere, evil[:3], evil, "--explain"}},
		"routes, JSON":   {"", []string{"routes", anywhere, evil[:3], evil, "--explain", "-o", "json"}},
		"check":          {"", []string{"check", anywhere, "--connect"}},
		"check, JSON":    {"", []string{"check", anywhere, "-o", "json"}},
		"unknown key":    {"{" + quoted(evil) + ": 1}", []string{"put", "-f", anywhere}},
		"bad JSON":       {"{\"body\": {\"" + strings.ReplaceAll(evil, "\n", "") + "\": x}}", []string{"put", "-f", anywhere}},
		"bad id":         {"{\"body\": 1, \"id\": " + quoted(evil) + "}", []string{"put", "-f", anywhere}},
		"bad command of": {"", []string{"journal", evil}},
		"no journal":     {"", []string{"journal", "status", "--journal", "/nonexistent/" + strings.ReplaceAll(evil, "\x00", "")}},
		"bad since":      {"", []string{"deadletters", "list", "--since", evil}},
		"bad flag":       {"", []string{"put", "--" + evil}},
		"bad command":    {"", []string{evil}},
		"bad output":     {"", []string{"version", "-o", evil}},
		"bad tag":        {"", []string{"put", "--body", "1", "--tag", evil}},
		"no such file":   {"", []string{"check", strings.ReplaceAll(evil, "\x00", "")}},
		"bad acct file":  {"", []string{"check", write(t, "acct.yaml", "kafka:\n  p: {"+quoted(evil)+": 1}\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			r := evhub(t, c.stdin, c.args...)
			if obeyed(r.out + r.err) {
				t.Errorf("reaches the terminal:\nstdout: %q\nstderr: %q", r.out, r.err)
			}
			if strings.Contains("\n"+r.out+r.err, "\nforged") {
				t.Errorf("data passes for a line:\n%s%s", r.out, r.err)
			}
			if r.out+r.err == "" {
				t.Error("nothing was printed")
			}
		})
	}
}

// TestAJournalCannotControlTheTerminal checks what is shown of events on disk.
func TestAJournalCannotControlTheTerminal(t *testing.T) {
	e, dir := answering(t, http.StatusBadRequest), newDir(t)
	acctFile := write(t, "acct.yaml", fmt.Sprintf("http:\n  \"*\": {name: hook, url: %q}\n", e.URL))
	input := fmt.Sprintf("{\"body\": {%s: %s}, \"profile\": %s, \"run_name\": %s, \"key\": %s, \"tags\": {%s: %s}, \"id\": \"x\"}\n",
		quoted(evil), quoted(evil), quoted(evil), quoted(evil), quoted(evil), quoted(evil), quoted(evil))
	evhub(t, input, "put", "-f", acctFile, "--journal", dir).want(t, exitDead)
	other, _ := toFile(t, "raw")
	for _, args := range [][]string{
		{"deadletters", "list"}, {"deadletters", "list", "-o", "json"}, {"deadletters", "show", "x"}, {"deadletters", "show", "x", "-o", "json"},
		{"deadletters", "replay", "x"}, {"drain", "-f", other}, {"journal", "status"}, {"journal", "status", "-o", "json"}, {"journal", "tail"},
		{"journal", "tail", "-o", "json"}, {"journal", "export"}, {"journal", "drop", evil, "--yes"}, {"journal", "adopt", evil, "http:hook"},
	} {
		r := evhub(t, "", append(args, "--journal", dir)...)
		if obeyed(r.out + r.err) {
			t.Errorf("%v reaches the terminal:\nstdout: %q\nstderr: %q", args, r.out, r.err)
		}
		if strings.Contains("\n"+r.out+r.err, "\nforged") {
			t.Errorf("%v: data passes for a line:\n%s%s", args, r.out, r.err)
		}
		if r.out+r.err == "" {
			t.Errorf("%v: nothing was printed", args)
		}
	}
}

func TestProfilesArePercentEncoded(t *testing.T) {
	acctFile := write(t, "acct.yaml", "internal:\n  \"*\": {routing_key: q}\n")
	evhub(t, "", "routes", acctFile, "a\x1b\u202eb\xffc").want(t, exitDone, "a%1B%E2%80%AEb%FFc goes to 1 destination")
	evhub(t, "{\"body\":1,\"profile\":\"a\\nb\"}", "listen").want(t, exitDone, " a%0Ab ")
	if got := visible("grüße 世界 🎉"); got != "grüße 世界 🎉" {
		t.Errorf("printable text is shown as %q", got)
	}
}

func TestJSONStaysWhatItMeans(t *testing.T) {
	r := evhub(t, "{\"body\": 1, \"profile\": "+quoted(evil)+", \"run_name\": \"<&>\U000e0001\"}", "listen", "-o", "json")
	line := r.lines(t)[0]
	if line["profile"] != evil || line["run_name"] != "<&>\U000e0001" {
		t.Errorf("%q", line)
	}
}

func TestNoColoursButOnATerminal(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	for _, args := range [][]string{
		{"put", "-f", acctFile, "--wait"}, {"listen", "-f", acctFile}, {"check", acctFile, "--connect"},
		{"routes", acctFile, "p"}, {"put", "--nonsense"}, {"demo"},
	} {
		r := evhub(t, "{\"body\": 1}\nbad\n", args...)
		if strings.Contains(r.out+r.err, "\x1b") {
			t.Errorf("%s: %q", args[0], r.out+r.err)
		}
	}
}
