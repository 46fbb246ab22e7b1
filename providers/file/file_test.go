package file_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/file"
)

func TestAppendsOneLinePerEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fsync := range []file.Fsync{file.Always, file.Never, file.Interval} {
		s := dial(t, path, func(c *file.Config) { c.Fsync = fsync })
		delivered(t, s, fsync.String(), "{}")
		delivered(t, s, "")
		s.Close(t.Context())
	}
	wantFile(t, path, "before\nalways\n{}\n\nnever\n{}\n\n1s\n{}\n\n")
}

func TestCreatesWithMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	dial(t, path, nil)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestRefusesNewlinesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	s := dial(t, path, nil)
	got := errs(t, send(t, s, "a", "b\nc", "d"))
	if got[0] != nil || !providers.IsPermanent(got[1]) || got[2] != nil {
		t.Errorf("outcomes %v", got)
	}
	wantFile(t, path, "a\nd\n")
}

func TestEndsATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte("whole\n{\"torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	delivered(t, dial(t, path, nil), "next")
	wantFile(t, path, "whole\n{\"torn\nnext\n")
}

func TestDialFails(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"no directory":  filepath.Join(dir, "missing", "events.jsonl"),
		"a directory":   dir,
		"a device":      os.DevNull,
		"a file as dir": filepath.Join(os.Args[0], "events.jsonl"),
	} {
		d, _ := open(t, path, nil)
		s, err := d(t.Context())
		if err == nil {
			s.Close(t.Context())
		}
		if err == nil || providers.IsPermanent(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFollowsAFileThatWasMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	s := dial(t, path, nil)
	delivered(t, s, "one")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	delivered(t, s, "two")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	delivered(t, s, "three")
	wantFile(t, path+".old", "one\n")
	wantFile(t, path, "three\n")
}

func TestTwoDestinationsShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	const flights, perFlight = 50, 20
	var writers sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		s := dial(t, path, func(c *file.Config) { c.Fsync = file.Never })
		writers.Go(func() {
			for i := range flights {
				var bodies []string
				for j := range perFlight {
					bodies = append(bodies, fmt.Sprint(name, i*perFlight+j, strings.Repeat(name, 500)))
				}
				if err := send(t, s, bodies...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	next := map[byte]int{}
	for _, line := range lines(t, path) {
		name := line[0]
		if want := fmt.Sprint(string(name), next[name], strings.Repeat(string(name), 500)); line != want {
			t.Fatalf("got line %.20q; want %.20q", line, want)
		}
		next[name]++
	}
	if next['a'] != flights*perFlight || next['b'] != flights*perFlight {
		t.Errorf("lines: %v", next)
	}
}

func TestCaps(t *testing.T) {
	_, always := open(t, "x", nil)
	_, never := open(t, "x", func(c *file.Config) { c.Fsync, c.MaxSize = file.Never, 4096 })
	if !always.Acked || always.Order != providers.Full || never.Acked || never.BatchBytes != 4096 {
		t.Errorf("%+v, %+v", always, never)
	}
}

func TestConfigTexts(t *testing.T) {
	for text, want := range map[string]file.Fsync{
		"always": file.Always, "never": file.Never, "interval": file.Interval, "200ms": file.Fsync(200 * time.Millisecond),
	} {
		var got file.Fsync
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]file.Mode{"0600": 0o600, "0o640": 0o640, "644": 0o644} {
		var got file.Mode
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "0s", "-1s", "sometimes"} {
		if new(file.Fsync).UnmarshalText([]byte(bad)) == nil {
			t.Errorf("fsync %q is accepted", bad)
		}
	}
	for _, bad := range []string{"", "0888", "01777", "rw"} {
		if new(file.Mode).UnmarshalText([]byte(bad)) == nil {
			t.Errorf("mode %q is accepted", bad)
		}
	}
}

func TestRefusesConfigurations(t *testing.T) {
	for name, set := range map[string]func(*file.Config){
		"no path":         func(c *file.Config) { c.Path = "" },
		"a directory":     func(c *file.Config) { c.Path = "logs/" },
		"dots":            func(c *file.Config) { c.Path = "logs/.." },
		"NUL":             func(c *file.Config) { c.Path = "a\x00b" },
		"negative keep":   func(c *file.Config) { c.Keep, c.MaxSize = -1, 1 },
		"keep alone":      func(c *file.Config) { c.Keep = 3 },
		"unreadable mode": func(c *file.Config) { c.Mode = 0o200 },
	} {
		conns, err := file.Provider().Configure(entry(func(c *file.Config) {
			c.Path = "events.jsonl"
			set(c)
		}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conns[0].Open(providers.Env{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
