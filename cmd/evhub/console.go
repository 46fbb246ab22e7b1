package main

import (
	"encoding/json"
	"io"
	"os"

	"golang.org/x/term"
)

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// printJSON writes v as one line of JSON.
func (c console) printJSON(v any) error { return json.NewEncoder(c.out).Encode(v) }

// isTerminal reports whether w is a terminal.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// style colours text, if what it is written to is a terminal and NO_COLOR is not set.
type style struct{ on bool }

func (c console) style(w io.Writer) style {
	return style{isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (s style) success(text string) string { return s.paint("32", text) }
func (s style) failure(text string) string { return s.paint("31", text) }
func (s style) warning(text string) string { return s.paint("33", text) }
func (s style) heading(text string) string { return s.paint("1", text) }
func (s style) faint(text string) string   { return s.paint("2", text) }

func (s style) paint(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
