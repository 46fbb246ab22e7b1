package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cutLog cuts the log of a journal off within the event with an id.
func cutLog(t *testing.T, dir, id string) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "log", "*.seg"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("%v, %v", segments, err)
	}
	at := strings.Index(read(t, segments[0]), id)
	if at < 0 {
		t.Fatalf("no %s in the segment", id)
	}
	if err := os.Truncate(segments[0], int64(at)); err != nil {
		t.Fatal(err)
	}
}

// A drain that finds the end of the log gone delivers the rest, says what is lost and who may miss it, and fails: once.
func TestDrainFailsIfTheEndOfTheLogIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		spoil     func(t *testing.T, dir string)
		lost      int
		delivered float64
	}{
		"cut off": {func(t *testing.T, dir string) { cutLog(t, dir, "id-7") }, 3, 7},
		"without any file": {func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "log")); err != nil {
				t.Fatal(err)
			}
		}, 10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			up := hookAcct(t, answering(t, http.StatusOK).URL)
			lost := fmt.Sprintf("lost: %d events at the end of the journal ", c.lost)
			dir := newDir(t)
			keep(t, dir, 10)
			c.spoil(t, dir)
			r := evhub(t, "", "journal", "verify", "--journal", dir)
			r.want(t, exitFailure, "1 fault: ", "10 are missing, and had been acknowledged")
			if strings.Contains(r.out, "never acknowledged") {
				t.Errorf("said of what was: %s", r.out)
			}
			r = evhub(t, "", "drain", "-f", up, "--journal", dir)
			r.want(t, exitFailure, lost, "which may have been for http:hook ", "level=ERROR", fmt.Sprintf("journal=%s events=%d", dir, c.lost))
			if n := strings.Count(r.err, "level=ERROR"); n != 1 {
				t.Errorf("it is told %d times: %s", n, r.err)
			}
			evhub(t, "", "drain", "-f", up, "--journal", dir).want(t, exitDone, "nothing to deliver")
			evhub(t, "", "journal", "verify", "--journal", dir).want(t, exitDone, "all well")

			dir = newDir(t)
			keep(t, dir, 10)
			c.spoil(t, dir)
			summary := evhub(t, "", "drain", "-f", up, "--journal", dir, "-o", "json").line(t)["summary"].(map[string]any)
			if want := fmt.Sprintf("map[events:%d may_miss:[http:hook]]", c.lost); fmt.Sprint(summary["missed"]) != want || summary["delivered"] != c.delivered {
				t.Errorf("want %s: %v", want, summary)
			}
		})
	}
}

// Whoever else opens such a journal to use it says so, too, and so does who looks.
func TestAnyoneWhoOpensAJournalTellsOfItsLostEnd(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 10)
	if err := os.RemoveAll(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	told := "accepted events may be lost: a part of the journal's log is gone"
	evhub(t, "", "journal", "status", "--journal", dir).want(t, exitDone, "\n#1 ", told)
	up := hookAcct(t, answering(t, http.StatusOK).URL)
	evhub(t, `{"profile": "p", "body": 1}`, "put", "-f", up, "--journal", dir).want(t, exitFailure, told, "lost: 10 events")
	evhub(t, `{"profile": "p", "body": 1}`, "put", "-f", up, "--journal", dir).want(t, exitDone)
}
