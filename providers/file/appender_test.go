package file

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

func newAppender(t *testing.T, fsync Fsync) *appender {
	t.Helper()
	a := &appender{
		config: Config{Path: filepath.Join(t.TempDir(), "events.jsonl"), Fsync: fsync, Mode: ownerReadWrite},
		logger: slog.New(slog.DiscardHandler),
	}
	if err := a.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.file.Close() })
	return a
}

// TestWhenItSyncs takes the file away after a write, so that each real sync fails.
func TestWhenItSyncs(t *testing.T) {
	for fsync, want := range map[Fsync]struct{ sync, tick bool }{
		Always:   {sync: true, tick: true},
		Interval: {tick: true},
		Never:    {},
	} {
		a := newAppender(t, fsync)
		if _, err := a.Write([]byte("line\n")); err != nil {
			t.Fatal(err)
		}
		a.file.Close()
		if got := a.Sync() != nil; got != want.sync {
			t.Errorf("%v: synced with the batch: %v", fsync, got)
		}
		if got := a.Tick() != nil; got != want.tick {
			t.Errorf("%v: synced with the tick: %v", fsync, got)
		}
	}
}

func TestNothingToSync(t *testing.T) {
	a := newAppender(t, Always)
	if _, err := a.Write([]byte("line\n")); err != nil {
		t.Fatal(err)
	}
	if err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	a.file.Close()
	if err := a.Sync(); err != nil {
		t.Errorf("synced again without a write: %v", err)
	}
}

// TestCutsNothingOfAnother lets another program append behind a torn line.
func TestCutsNothingOfAnother(t *testing.T) {
	a := newAppender(t, Never)
	if _, err := a.file.WriteString("whole\ntorn"); err != nil {
		t.Fatal(err)
	}
	other, err := os.OpenFile(a.config.Path, os.O_WRONLY|os.O_APPEND, fs.FileMode(a.config.Mode))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.WriteString("\nother\n"); err != nil {
		t.Fatal(err)
	}
	if err := a.cut(4); err == nil {
		t.Error("no error for a torn line that stays")
	}
	if data, err := os.ReadFile(a.config.Path); err != nil || string(data) != "whole\ntorn\nother\n" {
		t.Errorf("the file holds %q, %v", data, err)
	}
}
