package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
)

// editFlags are the flags of evhub acct edit.
type editFlags struct {
	acct            acctFlags
	editor, scratch string
}

func newAcctEdit(o *options) *cobra.Command {
	var f editFlags
	cmd := &cobra.Command{
		Use:   "edit [FILE]",
		Short: "Edit an encrypted acct file",
		Long: `Decrypt an acct file (default $ACCT_FILE), open it in $EDITOR, and encrypt it again with the same key, in the same way.
If the text has mistakes, they are shown, and editing goes on.

The plaintext is never on disk: it is in a directory on a file system in memory ($XDG_RUNTIME_DIR or /dev/shm), for
nobody else to enter, and is wiped when the command ends, whatever ends it. After a kill -9 the next "evhub acct edit"
does that. vim is told to keep nothing in files of its own; how other editors are set up is yours to know.

If there is no such file, it is a new one, and without a key one is made and printed.`,
		Example: `  EDITOR='nano -R' evhub acct edit acct.yaml.fernet --acct-key-file acct.key`,
		Args:    wantArgs(0, 1, "one encrypted acct file, or none for $ACCT_FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			f.acct.path = firstOr(args, os.Getenv("ACCT_FILE"))
			if f.acct.path == "" {
				return usageError(errors.New("no acct file: name one, or set ACCT_FILE"))
			}
			return runAcctEdit(o, &f)
		},
	}
	f.acct.key.add(cmd)
	addPluginFlag(cmd, &f.acct.key.plugin, "", " (default: as it looks; fernet for a new file)")
	cmd.Flags().StringVar(&f.editor, "editor", os.Getenv("EDITOR"), "the editor, with its arguments (default $EDITOR, else vi)")
	cmd.Flags().Lookup("editor").DefValue = "" // said in the text
	cmd.Flags().StringVar(&f.scratch, "scratch", "", "directory for the plaintext, which should be in memory (default: $XDG_RUNTIME_DIR or /dev/shm)")
	_ = cmd.MarkFlagDirname("scratch") // fails only for a flag that does not exist
	return cmd
}

// edit is one call of evhub acct edit.
type edit struct {
	o       *options
	path    string // of the file, symbolic links followed
	was     []byte // what is in the file; nil: there is none
	text    []byte // the same in clear
	key     acct.Key
	newKey  bool
	plugin  string
	caught  interrupts
	scratch *scratch
}

func runAcctEdit(o *options, f *editFlags) error {
	e := &edit{o: o, path: f.acct.path}
	if err := e.open(&f.acct); err != nil {
		return usageError(err)
	}
	// Find out now whether the file can be written, not after all the work.
	r, err := prepareReplacement(e.path, e.was)
	if err != nil {
		return err
	}
	r.discard()
	e.caught = catchInterrupts() // before there is any plaintext
	defer e.caught.stop()
	if e.scratch, err = newScratch(f.scratch, e.text); err != nil {
		return usageError(err)
	}
	defer e.scratch.wipe()
	editor := f.editor
	if strings.TrimSpace(editor) == "" {
		editor = "vi"
	}
	return e.run(editor)
}

// open reads and decrypts the file.
func (e *edit) open(f *acctFlags) (err error) {
	e.o.warn(f.key.warnings())
	key, warnings, err := f.key.options().ReadKey()
	if err != nil {
		return err
	}
	e.o.warn(warnings)
	e.key, e.plugin = key, f.key.plugin
	real, err := filepath.EvalSymlinks(e.path)
	if errors.Is(err, fs.ErrNotExist) {
		return e.create()
	}
	if err != nil {
		return err
	}
	e.path = real
	if info, err := os.Stat(real); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is no regular file; name an acct file", e.path)
	}
	if e.was, err = os.ReadFile(real); err != nil {
		return err
	}
	file, err := acct.Load(real, acct.Options{Key: key, CryptoPlugin: e.plugin})
	if err != nil {
		return err
	}
	if file.CryptoPlugin == "" {
		return fmt.Errorf("%s: is not encrypted; edit it as it is, or encrypt it with \"evhub acct encrypt\"", e.path)
	}
	e.plugin = file.CryptoPlugin
	e.text, err = file.YAML()
	return err
}

// create begins a new file.
func (e *edit) create() (err error) {
	if e.plugin == "" {
		e.plugin = acct.Fernet
	}
	if e.newKey = e.key == ""; e.newKey {
		e.key, err = acct.NewKey(e.plugin)
	}
	return err
}

// run edits until the text is right, or nobody wants to go on.
func (e *edit) run(editor string) error {
	for {
		if err := runEditor(e.o.console, e.caught, editor, e.scratch.file); err != nil {
			return err
		}
		text, err := e.scratch.read()
		if err != nil {
			return fmt.Errorf("nothing is changed: %w", err)
		}
		if bytes.Equal(text, e.text) {
			fmt.Fprintf(e.o.console.err, "%s: nothing is changed\n", visible(e.path))
			return nil
		}
		sealed, doubts, err := e.seal(text)
		if err == nil && len(doubts) == 0 {
			if err = e.save(sealed); err == nil {
				return nil
			}
		}
		switch choice, err := e.ask(err, doubts); {
		case err != nil:
			return err
		case choice == saveAnyway:
			return e.save(sealed)
		}
	}
}

// seal encrypts text. doubts are about a file that can be encrypted, but perhaps should not be saved.
func (e *edit) seal(text []byte) (sealed []byte, doubts []error, err error) {
	file, err := acct.Parse(e.path, text)
	if err != nil {
		return nil, nil, err
	}
	sealed, warnings, err := file.Encrypt(e.plugin, e.key)
	if err != nil {
		return nil, nil, err
	}
	e.o.warn(warnings)
	doubts = e.doubts(file)
	if e.changed() {
		doubts = append(doubts, fmt.Errorf("%s: %w", e.path, errChanged))
	}
	return sealed, doubts, nil
}

// doubts checks a file as "evhub check" does. But references may be meant for another environment than the editor's.
func (e *edit) doubts(file *acct.File) (doubts []error) {
	plan, err := hub.NewPlan(file, e.o.hubOptions()...)
	if err == nil {
		e.o.warn(plan.Warnings)
	}
	for _, mistake := range leaves(err) {
		if !errors.Is(mistake, acct.ErrReference) {
			doubts = append(doubts, mistake)
		}
	}
	return doubts
}

// leaves returns the errors that err joins.
func leaves(err error) (all []error) {
	switch joined := err.(type) { //nolint:errorlint // one that is wrapped says more than what it joins
	case nil:
		return nil
	case interface{ Unwrap() []error }:
		for _, e := range joined.Unwrap() {
			all = append(all, leaves(e)...)
		}
		return all
	}
	return []error{err}
}

var errChanged = errors.New("somebody else has changed the file meanwhile; saving would undo that")

// changed reports whether the file is another than the one that was opened.
func (e *edit) changed() bool {
	now, err := os.ReadFile(e.path)
	if e.was == nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return err != nil || !bytes.Equal(now, e.was)
}

// save puts the encrypted text into the file's place. The key, if it is a new one, comes first.
func (e *edit) save(sealed []byte) error {
	r, err := prepareReplacement(e.path, sealed)
	if err != nil {
		return err
	}
	defer r.discard()
	if e.newKey {
		if err := printKey(e.o, e.key, e.path); err != nil {
			return err
		}
	}
	return r.commit()
}

// choice is what to do about text with mistakes.
type choice int

const (
	editAgain choice = iota
	saveAnyway
)

// ask shows what is wrong and asks what to do. Where nobody can be asked, a mistake ends it, and a
// doubt is a warning.
func (e *edit) ask(mistake error, doubts []error) (choice, error) {
	c := e.o.console
	if !isTerminal(c.in) || !c.err.terminal {
		for _, err := range doubts {
			if errors.Is(err, errChanged) {
				mistake = err
			}
		}
		if mistake != nil {
			return 0, usageError(fmt.Errorf("%w\nnothing is changed", mistake))
		}
		e.tell(doubts)
		return saveAnyway, nil
	}
	question := "Edit again (e), save it even so (s), or leave the file as it was (q)? [e] "
	if mistake != nil {
		doubts, question = []error{mistake}, "Edit again (e), or leave the file as it was (q)? [e] "
	}
	e.tell(doubts)
	for {
		answer, err := e.answer(question)
		switch {
		case err != nil:
			return 0, err
		case answer == "" || answer == "e":
			return editAgain, nil
		case answer == "s" && mistake == nil:
			return saveAnyway, nil
		case answer == "q":
			return 0, &exitError{exitFailure, errors.New("nothing is changed")}
		}
	}
}

func (e *edit) tell(doubts []error) {
	for _, err := range doubts {
		fmt.Fprintln(e.o.console.err, e.o.console.err.style.warning("warning: ")+indented(err.Error()))
	}
}

// answer reads one line, unless a signal or the end of the input comes first.
func (e *edit) answer(question string) (string, error) {
	fmt.Fprint(e.o.console.err, question)
	line := ""
	var err error
	done := make(chan struct{})
	go func() { // a read of a terminal cannot be ended: after a signal the process ends
		defer close(done)
		line, err = bufio.NewReader(e.o.console.in).ReadString('\n')
	}()
	if s := e.caught.await(done, false); s != nil || err != nil {
		return "", errInterruptedEdit
	}
	return strings.ToLower(strings.TrimSpace(line)), nil
}
