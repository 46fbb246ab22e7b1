//go:build unix

package exec_test

import (
	"context"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
)

// script is a program for sh that is not ready by itself.
func script(text string) configure {
	return func(c *execConfig) { c.Command = []string{"/bin/sh", "-c", text} }
}

func TestDialFails(t *testing.T) {
	for name, c := range map[string]struct {
		set  configure
		want string
	}{
		"no program":     {func(c *execConfig) { c.Command = []string{"./no-such-program"} }, "no such file"},
		"not in PATH":    {func(c *execConfig) { c.Command = []string{"no-such-program"} }, "not found in $PATH"},
		"no folder":      {func(c *execConfig) { shell("cat")(c); c.Dir = "/no/such" }, "no such file"},
		"ends at once":   {script("exit 3"), "the program ended: exit status 3"},
		"ends well":      {script("true"), "the program ended"},
		"says why":       {script("echo hello >&2; echo >&2; echo no module named x >&2; exit 1"), `exit status 1 (its last words: "no module named x")`},
		"is killed":      {script("kill -9 $$"), "signal: killed"},
		"answers error":  {script(`echo '{"error": "no broker"}'; cat`), "the program failed: no broker"},
		"chatters":       {script("echo starting; cat"), `printed "starting"`},
		"no end of line": {script(`printf '{"ready": true}'`), "in the middle of the line"},
		"not ready":      {script(`echo '{"ready": false}'; cat`), "before anything else"},
		"answers first":  {script(`echo '{"ready": true, "seq": 1}'; cat`), "before anything else"},
		"endless line":   {script(`head -c 70000 /dev/zero; cat`), "more than 65536 bytes"},
		"is silent":      {script("cat"), "does not say"},
		"closes output":  {script("exec >&-; cat"), "the program ended"},
	} {
		t.Run(name, func(t *testing.T) {
			open, err := connection(t, c.set).Open((&log{}).env())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			if name == "is silent" {
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			defer cancel()
			_, err = open(ctx)
			if err == nil || !strings.Contains(err.Error(), c.want) || providers.IsPermanent(err) {
				t.Errorf("got %v, want ... %s ...", err, c.want)
			}
		})
	}
}

func TestTheEnvironmentIsClean(t *testing.T) {
	t.Setenv("EVHUB_TEST_SECRET", "c4n4ry")
	t.Setenv("EVHUB_TEST_PASSED", "passed")
	dir := t.TempDir()
	dial(t, func(c *execConfig) {
		c.Command, c.Dir = []string{"/bin/sh", "-c", `env > env; echo '{"ready": true}'; cat > /dev/null`}, dir
		c.Env = map[string]providers.Secret{"OWN": providers.NewSecret("own"), "PATH": providers.NewSecret("/usr/bin:/bin")}
		c.PassEnv = providers.Strings{"EVHUB_TEST_PASSED", "EVHUB_TEST_UNSET"}
	})
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"OWN=own\n": true, "PATH=/usr/bin:/bin\n": true, "EVHUB_TEST_PASSED=passed\n": true,
		"c4n4ry": false, "EVHUB_TEST_UNSET": false, "HOME=": false,
	} {
		if strings.Contains(string(text), name) != want {
			t.Errorf("the environment has %q: %v, want %v", name, !want, want)
		}
	}
}

// pidFile waits until a program has written its number.
func pidFile(t *testing.T, path string) (pid int) {
	t.Helper()
	eventually(t, path+" is there", func() bool {
		text, _ := os.ReadFile(path)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid != 0
	})
	return pid
}

func TestTheProgramEndsWithItsInput(t *testing.T) {
	dir := t.TempDir()
	s, _ := dial(t, func(c *execConfig) {
		shell(`while read -r line; do echo '{"seq": 1}'; done; sleep 0.1; echo done > done`)(c)
		c.Dir, c.Grace = dir, time.Minute
	})
	if err := send(t, s, numbered(1)...); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "done")); err != nil {
		t.Errorf("it could not finish: %v", err)
	}
}

// What ignores the end of its input is killed, with all that it has started, when the grace is over or ctx ends.
func TestNothingIsLeftOfTheProgram(t *testing.T) {
	for name, grace := range map[string]time.Duration{"grace": 50 * time.Millisecond, "ctx": time.Hour} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, _ := dial(t, func(c *execConfig) {
				shell(`trap '' TERM HUP; sh -c 'trap "" TERM HUP; echo $$ > child; while true; do sleep 1; done' & echo $$ > parent; while true; do sleep 1; done`)(c)
				c.Dir, c.Grace = dir, grace
			})
			child, parent := pidFile(t, filepath.Join(dir, "child")), pidFile(t, filepath.Join(dir, "parent"))
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			begin := time.Now()
			if err := s.Close(ctx); err != nil {
				t.Error(err)
			}
			if took := time.Since(begin); took > 2*time.Second || name == "ctx" && took < 100*time.Millisecond {
				t.Errorf("Close took %v", took)
			}
			if alive(parent) {
				t.Error("the program is left, or was not reaped")
			}
			eventually(t, "its child is gone", func() bool { return gone(child) })
		})
	}
}

// gone reports whether a process has ended, even if the one that has adopted it has not reaped it.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !alive(pid)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

// A program that ends leaves nothing behind either, and what holds its output open does not hold up the session.
func TestWhatTheProgramLeavesIsKilled(t *testing.T) {
	dir := t.TempDir()
	s, _ := dial(t, func(c *execConfig) {
		shell(`sh -c 'echo $$ > child; sleep 60; true' & read -r line; while ! test -s child; do sleep 0.01; done; exit 7`)(c)
		c.Dir = dir
	})
	begin := time.Now()
	err := send(t, s, numbered(1)...)
	if err == nil || !strings.Contains(err.Error(), "exit status 7") || providers.IsUnsent(err) || time.Since(begin) > 4*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	eventually(t, "its child is gone", func() bool { return gone(pidFile(t, filepath.Join(dir, "child"))) })
}

func TestAProgramThatReadsNoMore(t *testing.T) {
	large := providers.Message{Seq: 1, Body: []byte(strings.Repeat("x", 1<<20))}
	s, _ := dial(t, shell("exec <&-; sleep 60"))
	eventually(t, "that is noticed", func() bool {
		err := send(t, s, large)
		return err != nil && !providers.IsPermanent(err) && !strings.Contains(err.Error(), "in time")
	})

	dir := t.TempDir()
	s, _ = dial(t, func(c *execConfig) {
		shell("echo $$ > pid; sleep 60")(c) // neither reads nor closes
		c.Dir = dir
	})
	pid := pidFile(t, filepath.Join(dir, "pid"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := s.Send(ctx, []providers.Message{large, {Seq: 2}}).Wait(ctx)
	if err == nil || providers.IsPermanent(err) || providers.IsUnsent(batchOf(t, err).Errs[0]) {
		t.Errorf("a message that was begun: %v", err)
	}
	eventually(t, "it is killed", func() bool { return !alive(pid) })
}

func TestAnIdleProgramThatEnds(t *testing.T) {
	s, _ := dial(t, shell("exit 5"))
	eventually(t, "the next message is unsent, and why is told", func() bool {
		err := send(t, s, numbered(1)...)
		return providers.IsUnsent(err) && strings.Contains(err.Error(), "exit status 5")
	})
}

func TestNoFileIsLeftOpen(t *testing.T) {
	count := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc")
		}
		return len(files)
	}
	open, err := connection(t, shell("cat")).Open((&log{}).env())
	if err != nil {
		t.Fatal(err)
	}
	fails, err := connection(t, func(c *execConfig) { c.Command = []string{"no-such-program"} }).Open((&log{}).env())
	if err != nil {
		t.Fatal(err)
	}
	before := 0
	for i := range 20 {
		if i == 2 { // what the runtime opens for itself is open
			before = count()
		}
		s, err := open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.Close(t.Context())
		if _, err := fails(t.Context()); err == nil {
			t.Fatal("void: a program that is not there runs")
		}
	}
	if after := count(); after > before+2 {
		t.Errorf("%d files are open, and were %d", after, before)
	}
}

// What has left the program's group and holds its output open holds up nothing.
func TestAProgramThatLeavesADaemon(t *testing.T) {
	if _, err := osexec.LookPath("setsid"); err != nil {
		t.Skip("no setsid")
	}
	dir := t.TempDir()
	s, _ := dial(t, func(c *execConfig) {
		shell(`setsid sh -c 'echo $$ > daemon; exec sleep 60' & read -r line; while ! test -s daemon; do sleep 0.01; done; exit 7`)(c)
		c.Dir = dir
	})
	begin := time.Now()
	err := send(t, s, numbered(1)...)
	if err == nil || !strings.Contains(err.Error(), "exit status 7") || time.Since(begin) > 4*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	if daemon, err := os.FindProcess(pidFile(t, filepath.Join(dir, "daemon"))); err == nil {
		_ = daemon.Kill()
	}
}
