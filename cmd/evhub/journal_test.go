package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/eventline"
	"github.com/evhub/evhub/providers/all"
)

// newDir returns the path of a directory that a journal may be made in.
func newDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "journal")
}

// hookAcct writes an acct file that leads profile "p" to url, with quick retries. The destination is http:hook,
// wherever it leads.
func hookAcct(t *testing.T, url string) string {
	t.Helper()
	return write(t, "acct.yaml", fmt.Sprintf("http:\n  p: {name: hook, url: %q, format: raw, delivery: {retry: {min: 1ms, max: 5ms}}}\n", url))
}

// numbered returns so many lines for profile "p", with the ids id-0, id-1, ...
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"body\": %d, \"profile\": \"p\", \"id\": \"id-%d\"}\n", i, i)
	}
	return b.String()
}

// openHub opens a hub with a journal, which the caller closes.
func openHub(t *testing.T, acctFile, dir string) *hub.Hub {
	t.Helper()
	file, err := acct.Load(acctFile, acct.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.Open(t.Context(), file, hub.WithProviders(all.Providers()...), hub.WithJournal(dir, hub.JournalOptions{}),
		hub.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// keep has so many events, as numbered writes them, in a journal that wait for http:hook.
func keep(t *testing.T, dir string, n int) {
	t.Helper()
	h := openHub(t, hookAcct(t, "http://127.0.0.1:1/"), dir)
	for line := range strings.Lines(numbered(n)) {
		e, err := eventline.Parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	kept, ok := errors.AsType[*hub.RemainingError](h.Close(ended(t)))
	if !ok || kept.Kept["http:hook"] < n {
		t.Fatalf("kept: %v", kept)
	}
}

func TestAcknowledgements(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	input := "{\"body\": 1, \"id\": \"mine\"}\nbad\n{\"body\": 2}\n{\"body\": 0, \"tags\": [], \"id\": \"refused\"}\n{\"body\": 3, \"id\": \"q\\\"\\\\\"}\n"
	r := evhub(t, input, "put", "-f", acctFile, "--journal", newDir(t), "--ack")
	r.want(t, exitRefused, "refused: line 2: ", "refused: line 4: ", "3 events accepted, 3 delivered, 2 refused")
	lines := r.lines(t)
	if len(lines) != 3 || lines[0]["id"] != "mine" || len(fmt.Sprint(lines[1]["id"])) != 36 || lines[2]["id"] != `q"\` {
		t.Errorf("acknowledged: %s", r.out)
	}
	if got := read(t, events); got != "1\n2\n3\n" {
		t.Errorf("arrived: %q", got)
	}
	r = evhub(t, input, "put", "-f", acctFile, "--journal", newDir(t), "--ack", "-o", "json")
	r.want(t, exitRefused, `"summary":`)
	if lines = r.lines(t); len(lines) != 6 || r.err != "" {
		t.Errorf("stdout: %s\nstderr: %s", r.out, r.err)
	}
}

// TestAcknowledgementsOfManyAreInOrder checks that each event has its line, also where they go to disk in groups.
func TestAcknowledgementsOfManyAreInOrder(t *testing.T) {
	const n = 3000
	acctFile, _ := toFile(t, "raw")
	var want strings.Builder
	for i := range n {
		fmt.Fprintf(&want, "{\"id\":\"id-%d\"}\n", i)
	}
	r := evhub(t, numbered(n), "put", "-f", acctFile, "--journal", newDir(t), "--ack")
	r.want(t, exitDone, "3000 events accepted, 3000 delivered")
	if diff := cmp.Diff(want.String(), r.out); diff != "" {
		t.Error(diff)
	}
}

func TestReceiptsBesideAcknowledgementsAreJSON(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	r := evhub(t, "{\"body\": 1, \"id\": \"x\"}\n", "put", "-f", acctFile, "--journal", newDir(t), "--ack", "--wait")
	r.want(t, exitDone)
	lines := r.lines(t)
	if len(lines) != 2 {
		t.Fatalf("%s", r.out)
	}
	for _, l := range lines {
		if l["id"] != "x" {
			t.Errorf("%v", l)
		}
	}
}

// TestWhatIsNotDeliveredStays checks that it is said, and that the next command delivers it in order.
func TestWhatIsNotDeliveredStays(t *testing.T) {
	dir, dead := newDir(t), answering(t, http.StatusServiceUnavailable)
	put := []string{"put", "-f", hookAcct(t, dead.URL), "--journal", dir, "--timeout", "300ms", "--log-level", "error"}
	evhub(t, numbered(3), put...).want(t, exitDone, "kept: 3 events for http:hook in the journal "+dir+": ", "503", "3 events accepted, 3 kept in the journal")
	evhub(t, "{\"body\": 3, \"profile\": \"p\"}", append(put, "-o", "json")...).want(t, exitDone, `"journal":"`+dir, `"remaining":4,"kept":4`)
	well := answering(t, http.StatusNoContent)
	input := "{\"body\": 4, \"profile\": \"p\"}\n{\"body\": 5, \"profile\": \"other\"}\n"
	evhub(t, input, "put", "-f", hookAcct(t, well.URL), "--journal", dir).want(t, exitDone, "2 events accepted, 1 matched no destination, 5 delivered")
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, well.got()); diff != "" {
		t.Error(diff)
	}
}

// TestWaitIsAboutTheEventsOfTheCall checks that --wait tells those that are not settled, and not what earlier calls left.
func TestWaitIsAboutTheEventsOfTheCall(t *testing.T) {
	dir := newDir(t)
	acctFile, _ := toHTTP(t, answering(t, http.StatusServiceUnavailable), "")
	put := []string{"put", "-f", acctFile, "--journal", dir, "--timeout", "300ms", "--log-level", "error", "--wait", "--body", "1"}
	evhub(t, "", append(put, "--profile", "p")...).want(t, exitRemain, "pending http:hook", "kept: 1 event for http:hook")
	evhub(t, "", append(put, "--profile", "other")...).want(t, exitDone, "delivered file:all", "kept: 1 event for http:hook")
}

func TestDrain(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 5)
	r := evhub(t, "", "drain", "-f", hookAcct(t, answering(t, http.StatusServiceUnavailable).URL), "--journal", dir,
		"--timeout", "300ms", "--interval", "20ms", "--log-level", "error")
	r.want(t, exitRemain, "0 of 5 delivered, 5 waiting; http:hook: ", "kept: 5 events for http:hook in the journal "+dir+": ", "503", "\n5 kept in the journal\n")
	well := answering(t, http.StatusNoContent)
	r = evhub(t, "", "drain", "-f", hookAcct(t, well.URL), "--journal", dir)
	r.want(t, exitDone, "5 delivered\n")
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, well.got()); diff != "" {
		t.Error(diff)
	}
	evhub(t, "", "drain", "-f", hookAcct(t, well.URL), "--journal", dir).want(t, exitDone, "nothing to deliver")
}

func TestDrainAsJSON(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 2)
	r := evhub(t, "", "drain", "-f", hookAcct(t, answering(t, http.StatusServiceUnavailable).URL), "--journal", dir,
		"--timeout", "300ms", "--interval", "20ms", "-o", "json", "--log-level", "error")
	r.want(t, exitRemain)
	lines := r.lines(t)
	if len(lines) < 2 {
		t.Fatalf("stdout: %s\nstderr: %s", r.out, r.err)
	}
	first, _ := lines[0]["progress"].(map[string]any)
	last, _ := lines[len(lines)-1]["summary"].(map[string]any)
	if first["waiting"] != 2.0 || last["remaining"] != 2.0 || last["delivered"] != 0.0 || r.err != "" {
		t.Errorf("stdout: %s\nstderr: %s", r.out, r.err)
	}
}

func TestDrainTellsDeadLetters(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 7)
	r := evhub(t, "", "drain", "-f", hookAcct(t, answering(t, http.StatusBadRequest).URL), "--journal", dir)
	r.want(t, exitDead, "dead: event id-0 at http:hook: ", "400", "dead: 2 more", "7 dead letters")
	r = evhub(t, "", "drain", "-f", hookAcct(t, answering(t, http.StatusBadRequest).URL), "--journal", dir)
	r.want(t, exitDone, "nothing to deliver") // the letters are old
}

// TestDrainTellsWhatIsForNobody checks backlogs of destinations that are not in the acct file.
func TestDrainTellsWhatIsForNobody(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 3)
	acctFile, events := toFile(t, "raw")
	evhub(t, "", "drain", "-f", acctFile, "--journal", dir).want(t, exitRemain, "orphaned: 3 events for http:hook, which is not in the acct file",
		"evhub journal adopt 'http:hook' TO", "evhub journal drop 'http:hook'")
	evhub(t, "", "drain", "-f", acctFile, "--journal", dir, "-o", "json").want(t, exitRemain, `"orphans":[{"destination":"http:hook","remaining":3}]`)
	if got := read(t, events); got != "" {
		t.Errorf("the other destination has %q", got)
	}
}

func TestFlagsOfTheJournalThatCannotBe(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	missing := newDir(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"ack alone":            {[]string{"put", "-f", acctFile, "--ack"}, "give --journal DIR too"},
		"max alone":            {[]string{"put", "-f", acctFile, "--journal-max", "1GiB"}, "give --journal DIR too"},
		"no size":              {[]string{"put", "-f", acctFile, "--journal", missing, "--journal-max", "much"}, "is not a size"},
		"no directory":         {[]string{"put", "-f", acctFile, "--journal", ""}, "--journal names no directory"},
		"both":                 {[]string{"listen", "-f", acctFile, "--journal", missing, "--no-journal"}, "give one of them"},
		"max of none":          {[]string{"listen", "-f", acctFile, "--no-journal", "--journal-max", "1MiB"}, "there is --no-journal"},
		"nothing to deliver":   {[]string{"listen", "--journal", missing}, "needs an acct file"},
		"drain, not there":     {[]string{"drain", "-f", acctFile, "--journal", missing}, "there is no journal in " + missing},
		"status, not there":    {[]string{"journal", "status", "--journal", missing}, "there is no journal in " + missing},
		"list, not there":      {[]string{"deadletters", "list", "--journal", missing}, "there is no journal in " + missing},
		"drop, not there":      {[]string{"journal", "drop", "x", "--yes", "--journal", missing}, "there is no journal in " + missing},
		"drop, nobody to ask":  {[]string{"journal", "drop", "x", "--journal", missing}, "give --yes"},
		"letters, nobody":      {[]string{"deadletters", "drop", "--all", "--journal", missing}, "give --yes"},
		"drain, interval":      {[]string{"drain", "-f", acctFile, "--interval", "0s"}, "--interval must be more than 0"},
		"status, interval":     {[]string{"journal", "status", "--interval", "-1s"}, "--interval must not be negative"},
		"tail, lines":          {[]string{"journal", "tail", "-n", "-1"}, "--lines must not be negative"},
		"adopt, one name":      {[]string{"journal", "adopt", "x"}, "want two destinations"},
		"unknown command":      {[]string{"journal", "stat"}, `no command "journal stat"; did you mean status?`},
		"its flag":             {[]string{"journal", "frob", "--journal", "x"}, `no command "journal frob"`},
		"letters":              {[]string{"deadletters", "frob", "--journal", "x"}, `no command "deadletters frob"`},
		"flag of a group":      {[]string{"deadletters", "--journal", "x"}, `unknown flag: --journal (see`},
		"unknown, of letters":  {[]string{"deadletters", "lst"}, `did you mean list?`},
		"replay what":          {[]string{"deadletters", "replay"}, "which dead letters?"},
		"drop what":            {[]string{"deadletters", "drop", "--yes"}, "which dead letters?"},
		"replay all and some":  {[]string{"deadletters", "replay", "--all", "--reason", "x"}, "--all and a choice"},
		"since when":           {[]string{"deadletters", "list", "--since", "yesterday"}, `--since "yesterday": want a time`},
		"until in the future":  {[]string{"deadletters", "list", "--until", "-1h"}, `--until "-1h": want a time`},
		"show what":            {[]string{"deadletters", "show"}, "the id of at least one event"},
		"drain has no --ack":   {[]string{"drain", "-f", acctFile, "--ack"}, "--ack"},
		"adopt wants no --yes": {[]string{"journal", "adopt", "a", "b", "--yes"}, "--yes"},
	} {
		t.Run(name, func(t *testing.T) { evhub(t, "", c.args...).want(t, exitUsage, "evhub: ", c.want) })
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a journal was made that nobody asked for")
	}
}

func TestWhereTheJournalIsByDefault(t *testing.T) {
	for _, c := range []struct{ state, xdg, home, want string }{
		{"/var/lib/a:/var/lib/b", "/x", "/h", "/var/lib/a"},
		{"relative:/var/lib/b", "/x", "/h", "/x/evhub"},
		{"", "/x", "/h", "/x/evhub"},
		{"", "relative", "/h", "/h/.local/state/evhub"},
		{"", "", "/h", "/h/.local/state/evhub"},
		{"", "", "", ""},
	} {
		t.Setenv("STATE_DIRECTORY", c.state)
		t.Setenv("XDG_STATE_HOME", c.xdg)
		t.Setenv("HOME", c.home)
		got, err := defaultJournal()
		if got != c.want || (err == nil) == (c.want == "") {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

// TestListenHasAJournalByDefault checks where it is, and that drain finds it there.
func TestListenHasAJournalByDefault(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	dead, well := answering(t, http.StatusServiceUnavailable), answering(t, http.StatusNoContent)
	listen := []string{"listen", "-f", hookAcct(t, dead.URL), "--timeout", "300ms", "--log-level", "error"}
	evhub(t, numbered(2), append(listen, "--no-journal")...).want(t, exitRemain, "undelivered: 2 events for http:hook")
	evhub(t, numbered(2), "listen").want(t, exitDone)
	if _, err := os.Stat(filepath.Join(state, "evhub")); err == nil {
		t.Error("there is a journal though none was wanted")
	}
	evhub(t, numbered(2), listen...).want(t, exitDone, "kept: 2 events for http:hook in the journal "+filepath.Join(state, "evhub"))
	evhub(t, "", "drain", "-f", hookAcct(t, well.URL)).want(t, exitDone, "2 delivered")
}

func TestAJournalInUse(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 1)
	j, err := hub.OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	acctFile, _ := toFile(t, "raw")
	inUse := fmt.Sprintf("the journal %s is in use by process %d: ", dir, os.Getpid())
	for cure, args := range map[string][]string{
		"give another --journal DIR\n":                  {"put", "-f", acctFile, "--body", "1"},
		"give another --journal DIR, or --no-journal\n": {"listen", "-f", acctFile},
		"that one delivers it":                          {"drain", "-f", acctFile},
		"stop that first":                               {"deadletters", "replay", "--all"},
		"stop that first; looking":                      {"deadletters", "drop", "--all", "--yes"},
		"stop that first; looking is":                   {"journal", "adopt", "a", "b"},
		"stop that first; looking is possible":          {"journal", "drop", "http:hook", "--yes"},
	} {
		evhub(t, "", append(args, "--journal", dir)...).want(t, exitFailure, inUse+cure)
	}
	for want, args := range map[string][]string{
		fmt.Sprintf("in use by process %d", os.Getpid()): {"journal", "status", "--interval", "1ms"},
		"all well":       {"journal", "verify"},
		"id id-0":        {"journal", "tail"},
		`"id":"id-0"`:    {"journal", "export"},
		"0 dead letters": {"deadletters", "list"},
	} {
		evhub(t, "", append(args, "--journal", dir)...).want(t, exitDone, want)
	}
}

// TestAFullJournal checks that it is told which events are not in it and why, and that all others are.
func TestAFullJournal(t *testing.T) {
	dir := newDir(t)
	acctFile := hookAcct(t, "http://127.0.0.1:1/")
	r := evhub(t, numbered(20_000), "put", "-f", acctFile, "--journal", dir, "--journal-max", "1MiB", "--ack", "--timeout", "1s", "--log-level", "error")
	r.want(t, exitRemain, " the journal takes nothing: ", "full", " kept in the journal")
	acknowledged := len(r.lines(t))
	lines := evhub(t, "", "journal", "export", "--journal", dir).lines(t)
	if acknowledged == 0 || acknowledged == 20_000 || len(lines) < acknowledged || lines[acknowledged-1]["id"] != fmt.Sprintf("id-%d", acknowledged-1) {
		t.Errorf("%d events acknowledged, %d in the journal", acknowledged, len(lines))
	}
	well := answering(t, http.StatusNoContent)
	evhub(t, "", "drain", "-f", hookAcct(t, well.URL), "--journal", dir, "--journal-max", "1MiB").want(t, exitDone)
	if len(well.got()) != len(lines) {
		t.Errorf("%d of %d events arrived", len(well.got()), len(lines))
	}
}

// TestBadDirectories checks that a journal is refused where others could change it, with what to do.
func TestBadDirectories(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	open, file, link := t.TempDir(), write(t, "file", ""), filepath.Join(t.TempDir(), "link")
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{open: "chmod", file: "directory", link: "link"} {
		evhub(t, "", "put", "-f", acctFile, "--body", "1", "--journal", dir).want(t, exitFailure, "evhub: ", dir, want)
		evhub(t, "", "drain", "-f", acctFile, "--journal", dir).want(t, exitFailure, dir, want)
	}
	if got := read(t, events); got != "" {
		t.Errorf("%q was sent all the same", got)
	}
}
