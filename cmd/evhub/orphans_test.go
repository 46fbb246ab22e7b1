package main

import (
	"fmt"
	"net/http"
	"os"
	"testing"
)

// TestOrphanedDeadLettersAreTold checks dead letters of a destination that is not in the acct file and has nothing else.
func TestOrphanedDeadLettersAreTold(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 3)
	other, _ := toFile(t, "raw")
	told := "orphaned: 3 dead letters for http:hook, which is not in the acct file: evhub journal adopt 'http:hook' TO"
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitDone, told, "nothing to deliver")
	evhub(t, "", "drain", "-f", other, "--journal", dir, "-o", "json").want(t, exitDone, `"orphans":[{"destination":"http:hook","remaining":0,"dead_letters":3}]`)
	evhub(t, "", "journal", "status", "--journal", dir).want(t, exitDone, "orphaned: 3 dead letters for http:hook, which was not in the acct file")
	if r := evhub(t, "", "put", "-f", other, "--journal", dir, "--body", "1"); r.code != exitDone || r.err != "" {
		t.Errorf("put, which these letters do not concern: exit code %d, %s", r.code, r.err)
	}
}

func TestAdoptAndDropTellEventsFromDeadLetters(t *testing.T) {
	dir := newDir(t)
	bury(t, dir, 3)
	other, _ := toFile(t, "raw")
	adopt := func(from, to string, more ...string) result {
		return evhub(t, "", append([]string{"journal", "adopt", from, to, "--journal", dir}, more...)...)
	}
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitDone)
	adopt("http:hook", "http:a").want(t, exitDone, "3 dead letters of http:hook now for http:a\n")
	adopt("http:a", "http:b", "-o", "json").want(t, exitDone, `{"adopted":0,"dead_letters":3}`)
	adopt("http:b", "http:hook").want(t, exitDone)
	keep(t, dir, 2)
	evhub(t, "", "drain", "-f", other, "--journal", dir).want(t, exitRemain)
	adopt("http:hook", "http:a").want(t, exitDone, "2 events and 3 dead letters of http:hook now for http:a\n")
	evhub(t, "", "journal", "drop", "http:a", "--journal", dir, "--yes", "-o", "json").want(t, exitDone, `{"dead_letters":3,"dropped":2}`)
}

// TestWhatAReloadLeavesIsNotOrphanedYet checks that nobody is advised to give up what may still be on its way.
func TestWhatAReloadLeavesIsNotOrphanedYet(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 2)
	other, _ := toFile(t, "raw")
	h := openHub(t, other, dir)
	defer h.Close(ended(t))
	evhub(t, "", "journal", "status", "--journal", dir, "--interval", "0").want(t, exitDone,
		fmt.Sprintf("orphaned: 2 events for http:hook, which the acct file of process %d does not have: after a reload ", os.Getpid()),
		"30 seconds; once it has ended, for what is left: evhub journal adopt 'http:hook' TO")
}

func TestDrainDoesNotSayThatThereIsNothingBelowOrphans(t *testing.T) {
	dir := newDir(t)
	keep(t, dir, 3)
	other, _ := toFile(t, "raw")
	r := evhub(t, "", "drain", "-f", other, "--journal", dir)
	r.want(t, exitRemain, "orphaned: 3 events for http:hook", "nothing delivered: what waits is for destinations that are not in the acct file\n")
	well := answering(t, http.StatusNoContent)
	evhub(t, "", "drain", "-f", hookAcct(t, well.URL), "--journal", dir).want(t, exitDone, "3 delivered")
}
