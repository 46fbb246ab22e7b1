package hub_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// The second pass runs all tests again, with a journal in every hub that open starts. What it expects is the same but
// for these, which say so with inThisPass:
//   - What a Close could not deliver is kept, and not lost; dead letters stay.
//   - An event counts 64 bytes beside itself in a backlog, and not 256, so that more of them fill one.
const secondPass = "EVHUB_TEST_ON_JOURNAL"

func isSecondPass() bool { return os.Getenv(secondPass) != "" }

// ofThisPass returns the options that this pass has in addition.
func ofThisPass() []hub.Option {
	if !isSecondPass() {
		return nil
	}
	return []hub.Option{hub.WithJournalOn(crashfs.New(1), small)}
}

func inThisPass[T any](inMemory, onJournal T) T {
	if isSecondPass() {
		return onJournal
	}
	return inMemory
}

func TestAllOnAJournal(t *testing.T) {
	if isSecondPass() {
		t.Skip("this is the second pass")
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.timeout=5m")
	again.Env = append(os.Environ(), secondPass+"=1")
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
