package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestUnfitDirectoriesOfAJournal checks that who writes and who looks refuse the same, and say where and what to do.
func TestUnfitDirectoriesOfAJournal(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	linked := func(name string) func(string) error {
		return func(dir string) error {
			at := filepath.Join(dir, name)
			return errors.Join(os.Rename(at, at+"-real"), os.Symlink(name+"-real", at))
		}
	}
	open := func(name string) func(string) error {
		return func(dir string) error { return os.Chmod(filepath.Join(dir, name), 0o777) } //nolint:gosec // that is what is refused
	}
	for name, c := range map[string]struct {
		spoil func(dir string) error
		path  string
		want  string
	}{
		"log is a link":              {linked("log"), "log", "is a symbolic link; put the directory that it leads to, log-real, in its place"},
		"log is open":                {open("log"), "log", "can be written by others (mode 0777); see that nobody has changed it, then: chmod 700 "},
		"dead is open":               {open("dead"), "dead", "can be written by others (mode 0777)"},
		"one of dead letters":        {open("dead/1"), "dead/1", "can be written by others (mode 0777)"},
		"dead letters lie elsewhere": {linked("dead"), "dead", "is a symbolic link"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			bury(t, dir, 1)
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			want := "evhub: " + filepath.Join(dir, c.path) + ": " + c.want
			evhub(t, "", "put", "-f", acctFile, "--journal", dir, "--body", "1").want(t, exitFailure, want)
			evhub(t, "", "journal", "status", "--journal", dir).want(t, exitFailure, want)
			evhub(t, "", "deadletters", "drop", "--all", "--yes", "--journal", dir).want(t, exitFailure, want)
		})
	}
}

func TestAJournalThatCannotBeMadeIsNotOneThatIsMissing(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	dir := filepath.Join(t.TempDir(), "nowhere", "evhub")
	if err := os.Symlink("gone", filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	evhub(t, "", "put", "-f", acctFile, "--journal", dir, "--body", "1").want(t, exitFailure, dir+": cannot be made; choose another directory (mkdir ")
	evhub(t, "", "journal", "status", "--journal", dir).want(t, exitUsage, "there is no journal in "+dir)
}
