package journal_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/journal"
)

// What Open says names the journal and the destination, and says what follows; it does not say that a new id was made
// where it was not, nor that a file was moved that was only looked at.
func TestWhatOpenSays(t *testing.T) {
	f, _ := sample(t, 25)
	first := f.segments()[0]
	for name, c := range map[string]struct {
		files    files
		readOnly bool
		says     []string
	}{
		"lost cursors":      {f.with("cursors", make([]byte, 100)), false, []string{"events come again", "destination=a", "file=cursors"}},
		"lost identity":     {f.with("JOURNAL", make([]byte, 64)), false, []string{"the file that names it was damaged or missing", "is taken from the segments"}},
		"a copy, looked at": {f.with("log/00000000000000005000.seg", f[first]), true, []string{"a segment is passed over", "segment=00000000000000005000.seg", "by its header it is 00000000000000000001.seg"}},
		"a copy":            {f.with("log/00000000000000005000.seg", f[first]), false, []string{"a segment was put into quarantine", "segment=00000000000000005000.seg"}},
	} {
		var said bytes.Buffer
		j := open(t, c.files.disk(t), func(o *journal.Options) {
			o.ReadOnly, o.Logger = c.readOnly, slog.New(slog.NewTextHandler(&said, nil))
		})
		j.Close()
		for _, want := range append(c.says, "journal=test") {
			if !strings.Contains(said.String(), want) {
				t.Errorf("%s: %q is not said:\n%s", name, want, &said)
			}
		}
		if strings.Contains(said.String(), "NewID") || c.readOnly && strings.Contains(said.String(), "quarantine") {
			t.Errorf("%s: said is\n%s", name, &said)
		}
	}
}
