package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// fold counts the events of one run of go test. It prints a line for each package, and what failed tests printed.
type fold struct {
	total    *tally
	out      io.Writer
	packages map[string]*pkg
	builds   map[string]*strings.Builder // what the compiler said, by import path
	figures  bool                        // print the lines that hold "proof: ", also of tests that pass
}

// pkg is a package whose tests run.
type pkg struct {
	tests  map[string]*test // "" is what belongs to no test
	failed int
	leaves int
}

type test struct {
	output strings.Builder
	parent bool // it has subtests, which count in its place
	failed int  // its subtests that failed
}

func newFold(t *tally, out io.Writer) *fold {
	return &fold{total: t, out: out, packages: map[string]*pkg{}, builds: map[string]*strings.Builder{}, figures: os.Getenv("EVHUB_PROOF") != ""}
}

func (f *fold) read(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			fmt.Fprintf(f.out, "%s", line)
		default:
			f.take(e)
		}
		if err != nil {
			return
		}
	}
}

func (f *fold) take(e event) {
	if e.Action == "build-output" {
		if f.builds[e.ImportPath] == nil {
			f.builds[e.ImportPath] = &strings.Builder{}
		}
		f.builds[e.ImportPath].WriteString(e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := f.packages[e.Package]
	if p == nil {
		p = &pkg{tests: map[string]*test{}}
		f.packages[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.test(e.Test).output.WriteString(e.Output)
		if _, text, ok := strings.Cut(e.Output, "proof: "); ok && f.figures {
			fmt.Fprintf(f.out, "      %s: %s", e.Test, text)
		}
	case "run":
		if parent := parentOf(e.Test); parent != "" {
			p.test(parent).parent = true
		}
		p.test(e.Test)
	case "pass", "fail", "skip":
		if e.Test == "" {
			f.endPackage(e, p)
		} else {
			f.endTest(e, p)
		}
	}
}

func (p *pkg) test(name string) *test {
	if p.tests[name] == nil {
		p.tests[name] = &test{}
	}
	return p.tests[name]
}

func parentOf(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return ""
}

func (f *fold) endTest(e event, p *pkg) {
	t := p.test(e.Test)
	name := short(e.Package) + " " + e.Test
	switch {
	case e.Action == "fail":
		if parent := parentOf(e.Test); parent != "" {
			p.test(parent).failed++
		}
		fmt.Fprint(f.out, t.output.String())
		if t.failed == 0 { // else its subtests are counted
			p.failed++
			p.leaves++
			f.total.fail(name)
		}
	case t.parent:
	case e.Action == "skip":
		p.leaves++
		f.total.skip(name, reason(t.output.String()))
	default:
		p.leaves++
		f.total.passed++
	}
	if e.Action != "fail" {
		t.output.Reset()
	}
}

func (f *fold) endPackage(e event, p *pkg) {
	if e.Action == "fail" && p.failed == 0 { // the build, TestMain, a panic or the time limit
		for path, said := range f.builds {
			if strings.HasPrefix(path, e.Package) {
				fmt.Fprint(f.out, said)
			}
		}
		for _, t := range p.tests {
			fmt.Fprint(f.out, t.output.String())
		}
		f.total.fail(short(e.Package) + " (as a whole)")
	}
	if p.leaves > 0 || e.Action == "fail" {
		took := time.Duration(e.Elapsed * float64(time.Second)).Round(10 * time.Millisecond)
		fmt.Fprintf(f.out, "%-5s %-45s %5d tests %10v\n", e.Action, short(e.Package), p.leaves, took)
	}
	delete(f.packages, e.Package)
}

// reason is what the test said when it was skipped.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok { // file.go:line: text
			if _, after, ok := strings.Cut(text, ": "); ok {
				line = after
			}
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// short is the import path without what all packages here share.
func short(path string) string {
	if path = strings.TrimPrefix(path, "github.com/evhub/evhub"); path == "" {
		return "."
	}
	return strings.TrimPrefix(path, "/")
}
