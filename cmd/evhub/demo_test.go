package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := evhub(t, "", "demo")
	r.want(t, exitDone, "OK: ", "none missing, all in order")
	for line := range strings.Lines(r.out) {
		if len([]rune(line)) > 101 {
			t.Errorf("a line of %d characters: %s", len([]rune(line)), line)
		}
	}
	r = evhub(t, "", "demo", "-o", "json")
	r.want(t, exitDone)
	if lines := r.lines(t); len(lines) != 1 || lines[0]["ok"] != true || len(lines[0]["destinations"].([]any)) != 4 {
		t.Errorf("%v", lines)
	}
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestDemoThatCannotBePlayed(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	evhub(t, "", "demo").want(t, exitFailure, "could not be played", "missing")
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if code := run(ctx, []string{"demo"}, newConsole(nil, &out, &out)); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, out.String())
	}
	evhub(t, "", "demo", "more").want(t, exitUsage, "takes no arguments")
}
