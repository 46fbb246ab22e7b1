package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// editorGrace is how long an editor may take to end after a signal.
const editorGrace = 3 * time.Second

var errInterruptedEdit = &exitError{exitInterrupted, errors.New("interrupted; nothing is changed")}

// interrupts are the signals that would end the process with its plaintext still there.
type interrupts chan os.Signal

func catchInterrupts() interrupts {
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGPIPE)
	return caught
}

func (i interrupts) stop() { signal.Stop(i) }

// await returns the signal that comes before done is closed, or nil. The keys that make SIGINT and SIGQUIT are the
// editor's while it has the terminal, if ignoreKeys.
func (i interrupts) await(done <-chan struct{}, ignoreKeys bool) os.Signal {
	for {
		select {
		case <-done:
			return nil
		case s := <-i:
			if s != syscall.SIGPIPE && !(ignoreKeys && (s == os.Interrupt || s == syscall.SIGQUIT)) {
				return s
			}
		}
	}
}

// runEditor has a person edit the file at path. command is what $EDITOR says: a program with its arguments.
func runEditor(c console, caught interrupts, command, path string) error {
	words, err := shellWords(command)
	if err != nil || len(words) == 0 {
		return usageError(fmt.Errorf("the editor %q (EDITOR) is no command", command))
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return usageError(fmt.Errorf("the editor %q (EDITOR) is not there; set EDITOR to one that is", words[0]))
	}
	args := append(privately(program), words[1:]...)
	cmd := exec.Command(program, append(args, path)...) //nolint:gosec // the user's own editor
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.in, c.out.w, c.err.w
	if !c.out.terminal {
		cmd.Stdout = c.err.w // standard output is for a key
	}
	cmd.WaitDelay = editorGrace
	if err := cmd.Start(); err != nil {
		return usageError(fmt.Errorf("the editor %q (EDITOR) does not start: %w", words[0], err))
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = cmd.Wait()
	}()
	if s := caught.await(ended, isTerminal(c.in)); s != nil {
		endEditor(cmd.Process, s, ended)
		return errInterruptedEdit
	}
	if err != nil {
		return fmt.Errorf("the editor failed, so nothing is changed: %w", err)
	}
	return nil
}

// endEditor passes a signal on, and waits for the editor to end.
func endEditor(p *os.Process, s os.Signal, ended <-chan struct{}) {
	if s != syscall.SIGHUP {
		s = syscall.SIGTERM
	}
	_ = p.Signal(s) // it may have ended
	select {
	case <-ended:
	case <-time.After(editorGrace):
		_ = p.Kill()
		<-ended
	}
}

// privately returns arguments with which an editor known to keep text in files of its own (registers, undo, backups)
// does not.
func privately(program string) []string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	for _, vim := range []string{"vim", "nvim"} {
		if strings.HasPrefix(filepath.Base(program), vim) {
			return []string{"-n", "-i", "NONE", "-c", "silent! set nobackup nowritebackup noundofile"}
		}
	}
	return nil
}

// shellWords splits a command as a shell does, with quotes and backslashes but without expansions.
func shellWords(command string) (words []string, err error) {
	var word strings.Builder
	quote, started := rune(0), false
	escaped := false
	for _, r := range command {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, started = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, started = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("a quote is open")
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}
