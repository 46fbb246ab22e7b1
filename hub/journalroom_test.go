package hub_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// A disk without room for a journal is told with the directory and the cure.
func TestNoRoomForAJournalIsToldWithTheCure(t *testing.T) {
	for name, full := range map[string]func(*crashfs.FS){
		"hardly any": func(fs *crashfs.FS) { fs.SetCapacity(64 << 10) },
		"none": func(fs *crashfs.FS) {
			fs.SetHook(func(op crashfs.Op) crashfs.Fault {
				if op.Name == "JOURNAL.tmp" {
					return crashfs.Fault{Err: syscall.ENOSPC}
				}
				return crashfs.Fault{}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs := crashfs.New(1)
			full(fs)
			_, err := hub.Open(t.Context(), parse(t, toA), hub.WithProviders(providertest.FakeProvider("fake", healthy("a"))), hub.WithJournalOn(fs, small))
			if err == nil {
				t.Fatal("it was opened")
			}
			for _, want := range []string{"in on the test's file system: ", "no space left", "; make room on that disk, or give the journal a directory on another one"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}
