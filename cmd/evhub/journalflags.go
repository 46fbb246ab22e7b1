package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
)

// journalFlags say where a command has its journal, and how large it may be.
type journalFlags struct {
	// dir is the journal's directory; "" for no journal.
	dir     string
	none    bool
	max     providers.Size
	segment providers.Size
}

// add adds --journal and what says how the journal is kept, for commands that write one.
func (f *journalFlags) add(cmd *cobra.Command, usage string) {
	f.addDir(cmd, usage)
	flags := cmd.Flags()
	flags.TextVar(&f.max, "journal-max", providers.Size(0), "most disk that the journal may take, such as 10GiB, at least 256KiB; `0` is as much as there is")
	flags.TextVar(&f.segment, "journal-segment", providers.Size(0), "`size` of one file of the journal")
	_ = flags.MarkHidden("journal-segment") // fails only for a flag that does not exist
}

// addDir adds --journal alone.
func (f *journalFlags) addDir(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&f.dir, "journal", "", usage)
	_ = cmd.MarkFlagDirname("journal") // fails only for a flag that does not exist
}

// addNone adds --no-journal, for commands that have a journal by default.
func (f *journalFlags) addNone(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.none, "no-journal", false, "keep accepted events in memory alone: what is not delivered when the process ends is lost")
}

// inDefault is how the help names the default directory.
const inDefault = "(default $STATE_DIRECTORY, else $XDG_STATE_HOME/evhub, else ~/.local/state/evhub)"

// check refuses flags that cannot be together.
func (f *journalFlags) check(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	switch {
	case changed("journal") && f.dir == "":
		return errors.New("--journal names no directory")
	case f.none && f.dir != "":
		return errors.New("--journal and --no-journal: give one of them")
	case f.none && changed("journal-max"):
		return errors.New("--journal-max is for a journal, and there is --no-journal")
	}
	return nil
}

// useDefault chooses the default directory if none is given.
func (f *journalFlags) useDefault() (err error) {
	if f.dir == "" && !f.none {
		f.dir, err = defaultJournal()
	}
	return err
}

// defaultJournal is where the journal is if nobody says it: where systemd wants the state of a unit, else where the
// state of this user is.
func defaultJournal() (string, error) {
	if dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":"); filepath.IsAbs(dir) { // systemd sets no other
		return dir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) { // as its specification wants it
		return filepath.Join(dir, "evhub"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return "", errors.New("no place for a journal, as there is no home directory: give --journal DIR")
	}
	return filepath.Join(home, ".local", "state", "evhub"), nil
}

// options are the hub's options for the journal.
func (f *journalFlags) options() []hub.Option {
	if f.dir == "" {
		return nil
	}
	return []hub.Option{hub.WithJournal(f.dir, hub.JournalOptions{MaxBytes: int64(f.max), SegmentBytes: int64(f.segment)})}
}
