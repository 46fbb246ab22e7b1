package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// fuzz runs every fuzz target of the main module for a moment.
func (v *verifier) fuzz(ctx context.Context) {
	targets, err := fuzzTargets(ctx, v.modules[0])
	if err != nil {
		v.check("list of the fuzz targets", nil, err)
		return
	}
	for _, t := range targets {
		out, err := output(ctx, v.modules[0], "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$",
			"-fuzztime", v.fuzzTime.String(), t.pkg)
		if err != nil && onlyOutOfTime(out) {
			err = nil
		}
		v.check("fuzz "+short(t.pkg)+" "+t.name, out, err)
	}
	fmt.Fprintf(v.out, "   %d targets\n", len(targets))
}

// onlyOutOfTime reports whether a fuzz target failed because its time ended, and with no input that fails: up to Go 1.26
// that may happen when a worker is busy at that moment (go.dev/issue/75804).
func onlyOutOfTime(out []byte) bool {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "--- FAIL: Fuzz") {
			return i+2 < len(lines) && strings.TrimSpace(lines[i+1]) == "context deadline exceeded" && lines[i+2] == "FAIL"
		}
	}
	return false
}

type fuzzTarget struct{ pkg, name string }

// fuzzTargets asks go test, which lists the targets of a package before a line that ends them and names it.
func fuzzTargets(ctx context.Context, module string) (targets []fuzzTarget, err error) {
	out, err := output(ctx, module, "go", "test", "-list", "^Fuzz", "./...")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lastLine(out), err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) > 1 && fields[0] == "ok":
			for _, name := range names {
				targets = append(targets, fuzzTarget{fields[1], name})
			}
			names = nil
		}
	}
	return targets, nil
}

func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}
