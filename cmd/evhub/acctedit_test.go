//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// editor writes a shell script that is an editor, whose file is $1.
func editor(t *testing.T, script string) string {
	t.Helper()
	path := write(t, "an editor", "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return "'" + path + "'"
}

// editing edits an encrypted file with a script, and returns what was said and what is in the file then.
func editing(t *testing.T, script string) (r result, content string) {
	t.Helper()
	file, keyFile := encryptedAcct(t, "fernet")
	scratch := t.TempDir()
	r = evhub(t, "", "acct", "edit", file, "--acct-key-file", keyFile, "--editor", editor(t, script), "--scratch", scratch)
	checkNothingLeft(t, scratch, file)
	return r, evhub(t, "", "acct", "decrypt", file, "--acct-key-file", keyFile).out
}

// checkNothingLeft checks that no plaintext is left, nor a file beside the encrypted one.
func checkNothingLeft(t *testing.T, scratch, file string) {
	t.Helper()
	left, err := os.ReadDir(scratch)
	beside, globErr := filepath.Glob(filepath.Join(filepath.Dir(file), ".*"))
	if errors.Join(err, globErr) != nil || len(left) > 0 || len(beside) > 0 {
		t.Errorf("left behind: %v, %v, %v", left, beside, errors.Join(err, globErr))
	}
}

func TestEditing(t *testing.T) {
	for name, c := range map[string]struct{ script, want, said string }{
		"in place":         {`sed s/all/ALL/ "$1" > "$1.new"; cat "$1.new" > "$1"`, "name: ALL", ""},
		"by renaming":      {`sed s/all/ALL/ "$1" > "$1.new"; mv "$1.new" "$1"`, "name: ALL", ""},
		"with a backup":    {`cp "$1" "$1~"; mkdir "$(dirname "$1")/d"; cp "$1" "$(dirname "$1")/d/x"; sed -i s/all/ALL/ "$1"`, "name: ALL", ""},
		"not at all":       {`touch "$1"`, "name: all", "nothing is changed"},
		"with a doubt":     {`sed -i s/name:/nmae:/ "$1"`, "nmae: all", "did you mean name?"},
		"with a reference": {`sed -i "s/name: all/name: {env: EVHUB_UNSET}/" "$1"`, "env: EVHUB_UNSET", ""},
		"under SIGPIPE":    {`sed -i s/all/ALL/ "$1"; kill -PIPE $PPID; sleep 0.3`, "name: ALL", ""},
		"everything":       {`: > "$1"`, "{}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, content := editing(t, c.script)
			if r.want(t, exitDone, c.said); !strings.Contains(content, c.want) || c.said == "" && r.err != "" || r.out != "" {
				t.Errorf("%s%s%s", content, r.out, r.err)
			}
		})
	}
}

func TestEditingThatChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		script, said string
		code         int
	}{
		"fails":           {`sed -i s/all/ALL/ "$1"; exit 3`, "the editor failed, so nothing is changed: exit status 3", exitFailure},
		"is killed":       {`sed -i s/all/ALL/ "$1"; kill -KILL $$`, "the editor failed, so nothing is changed: signal: killed", exitFailure},
		"removes it":      {`rm "$1"`, "nothing is changed: the editor has removed the file", exitFailure},
		"makes mistakes":  {`echo "memory: {` + canary + `" >> "$1"`, "nothing is changed", exitUsage},
		"is not there":    {"", "is not there; set EDITOR", exitUsage},
		"writes too much": {`yes '# x' | head -c 3000000 > "$1"`, "is larger than 1 MiB", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			file, keyFile := encryptedAcct(t, "aesgcm256")
			before, scratch, command := read(t, file), t.TempDir(), "/nonexistent"
			if c.script != "" {
				command = editor(t, c.script)
			}
			r := evhub(t, "", "acct", "edit", file, "--acct-key-file", keyFile, "--editor", command, "--scratch", scratch)
			r.want(t, c.code, c.said)
			checkNothingLeft(t, scratch, file)
			if read(t, file) != before {
				t.Error("the file was changed")
			}
			if strings.Contains(r.out+r.err, canary) {
				t.Errorf("a value is shown: %s%s", r.out, r.err)
			}
		})
	}
}

// TestPlaintextIsInMemoryAlone checks where an editor finds the plaintext, and who else may.
func TestPlaintextIsInMemoryAlone(t *testing.T) {
	if _, err := memoryDir(""); err != nil {
		t.Skip(err)
	}
	seen := filepath.Join(t.TempDir(), "seen")
	t.Setenv("EDITOR", editor(t, `stat -f -c %T "$1" > `+seen+`; stat -c %a "$1" "$(dirname "$1")" >> `+seen+`; echo "$1" >> `+seen))
	file, keyFile := encryptedAcct(t, "fernet")
	evhub(t, "", "acct", "edit", file, "--acct-key-file", keyFile).want(t, exitDone, "nothing is changed")
	lines := strings.Fields(read(t, seen))
	if len(lines) != 4 || lines[0] != "tmpfs" && lines[0] != "ramfs" || lines[1] != "600" || lines[2] != "700" {
		t.Fatalf("seen %q", lines)
	}
	if _, err := os.Stat(filepath.Dir(lines[3])); !os.IsNotExist(err) {
		t.Errorf("the plaintext is still there: %v", err)
	}
	if inMemory("/proc") {
		t.Error("/proc is taken for memory to write to")
	}
}

// TestEditingThroughALink checks that the file that is linked to changes, and keeps its permissions.
func TestEditingThroughALink(t *testing.T) {
	file, keyFile := encryptedAcct(t, "fernet")
	link := filepath.Join(t.TempDir(), "link")
	if err := errors.Join(os.Symlink(file, link), os.Chmod(file, 0o640)); err != nil {
		t.Fatal(err)
	}
	command := editor(t, `sed -i s/all/ALL/ "$1"`)
	evhub(t, "", "acct", "edit", link, "--acct-key-file", keyFile, "--editor", command, "--scratch", t.TempDir()).want(t, exitDone)
	evhub(t, "", "acct", "decrypt", file, "--acct-key-file", keyFile).want(t, exitDone, "name: ALL")
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link was replaced: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("other permissions: %v", err)
	}
}

func TestEditingANewFile(t *testing.T) {
	file, command := filepath.Join(t.TempDir(), "new"), editor(t, `printf 'memory: {"*": }' > "$1"`)
	r := evhub(t, "", "acct", "edit", file, "--editor", command, "--crypto-plugin", "aesgcm256", "--scratch", t.TempDir())
	if r.want(t, exitDone); len(r.out) != 45 {
		t.Errorf("%q is no key", r.out)
	}
	shown := evhub(t, "", "acct", "decrypt", file, "--acct-key-file", write(t, "key", r.out), "--crypto-plugin", "aesgcm256")
	shown.want(t, exitDone, "memory:\n  '*': null\n")
	if r := evhub(t, "", "acct", "edit", file+"2", "--editor", "true", "--scratch", t.TempDir()); r.code != exitDone || r.out != "" || read(t, file+"2") != "" {
		t.Errorf("a file that stayed empty: %s%s", r.out, r.err)
	}
}

// TestAChangeByOthersIsNotUndone checks an edit during which the file is replaced.
func TestAChangeByOthersIsNotUndone(t *testing.T) {
	file, keyFile := encryptedAcct(t, "fernet")
	other := write(t, "other", "another file")
	command := editor(t, `sed -i s/all/ALL/ "$1"; cp `+other+" "+file)
	r := evhub(t, "", "acct", "edit", file, "--acct-key-file", keyFile, "--editor", command, "--scratch", t.TempDir())
	if r.want(t, exitUsage, "somebody else has changed the file meanwhile"); read(t, file) != "another file" {
		t.Error("it was undone")
	}
}

// TestMistakesCanBeMended edits on a terminal, where what to do about a mistake is asked.
func TestMistakesCanBeMended(t *testing.T) {
	t.Setenv("TERM", "xterm")
	mend := `if grep -q { "$1"; then echo "x: y" > "$1"; else echo "{" > "$1"; fi`
	doubt := `echo "memory: {a: {nmae: b}}" > "$1"`
	for _, c := range []struct {
		script  string
		answers []string
		code    int
		is      string
	}{
		{mend, []string{"s\n", "\n"}, exitDone, "x: y"}, // it cannot be saved with a mistake
		{mend, []string{"q\n"}, exitFailure, "name: all"},
		{mend, []string{"\x04"}, exitInterrupted, "name: all"},
		{doubt, []string{"x\n", "s\n"}, exitDone, "nmae: b"},
		{doubt, []string{"q\n"}, exitFailure, "name: all"},
	} {
		screen, terminal := openTerminal(t)
		file, keyFile := encryptedAcct(t, "fernet")
		scratch := t.TempDir()
		args := []string{"acct", "edit", file, "--acct-key-file", keyFile, "--editor", editor(t, c.script), "--scratch", scratch}
		code := make(chan int)
		go func() {
			c := run(t.Context(), args, newConsole(terminal, terminal, terminal))
			fmt.Fprint(terminal, commandEnded)
			code <- c
		}()
		for _, answer := range c.answers {
			shownUntil(t, screen, "(q)? [e] ")
			if _, err := screen.WriteString(answer); err != nil {
				t.Fatal(err)
			}
		}
		shownUntil(t, screen, commandEnded)
		if got := <-code; got != c.code {
			t.Errorf("%q: exit code %d, want %d", c.answers, got, c.code)
		}
		checkNothingLeft(t, scratch, file)
		if got := evhub(t, "", "acct", "decrypt", file, "--acct-key-file", keyFile).out; !strings.Contains(got, c.is) {
			t.Errorf("%q: %s", c.answers, got)
		}
	}
}

func TestShellWords(t *testing.T) {
	for in, want := range map[string][]string{
		"vi": {"vi"}, " code  --wait\t-n ": {"code", "--wait", "-n"}, `emacsclient -a ""`: {"emacsclient", "-a", ""},
		`'/a b/c' "d 'e' \" f" g\ h 'i\'`: {"/a b/c", `d 'e' " f`, "g h", `i\`}, "": nil, " ": nil,
	} {
		if got, err := shellWords(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"'a", `"a`, `a\`} {
		if got, err := shellWords(in); err == nil {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestVimKeepsNothing(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]bool{"vim": true, "vim.tiny": true, "nvim": true, "nano": false} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(dir, "vi-"+name)
		if err := os.Symlink(path, link); err != nil {
			t.Skip(err)
		}
		if got := slices.Contains(privately(link), "NONE"); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	seen, vim := filepath.Join(dir, "seen"), filepath.Join(dir, "vim")
	if err := os.WriteFile(vim, []byte("#!/bin/sh\necho \"$@\" > "+seen+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	file, keyFile := encryptedAcct(t, "fernet")
	evhub(t, "", "acct", "edit", file, "--acct-key-file", keyFile, "--editor", vim+" -X", "--scratch", dir).want(t, exitDone)
	if got := read(t, seen); !strings.Contains(got, "-i NONE") || !strings.Contains(got, "-X "+dir) {
		t.Errorf("vim is called with %s", got)
	}
}

// TestADiskIsNoMemory checks that a directory on a disk is passed by, whatever the environment says.
func TestADiskIsNoMemory(t *testing.T) {
	disk := t.TempDir()
	if inMemory(disk) {
		t.Skip("temporary files are in memory here")
	}
	t.Setenv("XDG_RUNTIME_DIR", disk)
	if dir, err := memoryDir(""); dir == disk {
		t.Errorf("plaintext would be in %s, %v", dir, err)
	}
	if dir, err := memoryDir(disk); dir != disk || err != nil {
		t.Errorf("not where the user says, but %s, %v", dir, err)
	}
}

// TestOthersAreNotSwept checks that what looks like ours is left alone if it is somebody else's.
func TestOthersAreNotSwept(t *testing.T) {
	parent := t.TempDir()
	theirs, link := filepath.Join(parent, scratchPrefix+"1"), filepath.Join(parent, scratchPrefix+"2")
	outside := filepath.Dir(write(t, "file", "precious"))
	if err := errors.Join(os.Mkdir(theirs, 0o755), os.Symlink(outside, link)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(theirs, 12345, -1); err != nil {
		theirs = link // only root can do that
	}
	sweep(parent)
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
	if read(t, filepath.Join(outside, "file")) != "precious" {
		t.Error("a link was followed")
	}
}
