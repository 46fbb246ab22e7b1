package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evhub/evhub/acct"
)

const plainAcct = "memory:\n  \"*\": {name: all} # a comment\nother: {password: {env: PW}, pin: \"01\"}\n"

// encryptedAcct encrypts plainAcct and returns the paths of the file and its key.
func encryptedAcct(t *testing.T, plugin string) (file, keyFile string) {
	t.Helper()
	plain := write(t, "acct.yaml", plainAcct)
	r := evhub(t, "", "acct", "encrypt", plain, "--crypto-plugin", plugin)
	r.want(t, exitDone)
	return plain + "." + plugin, write(t, "acct.key", r.out)
}

func TestAcctEncryptPrintsTheKeyAlone(t *testing.T) {
	for _, plugin := range acct.CryptoPlugins() {
		file, keyFile := encryptedAcct(t, plugin)
		key := read(t, keyFile)
		if len(key) != 45 || strings.Contains(read(t, file), "password") {
			t.Errorf("%s: printed %q", plugin, key)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", plugin, info.Mode(), err)
		}
		r := evhub(t, "", "acct", "decrypt", file, "--acct-key-file", keyFile, "--output=yaml")
		r.want(t, exitDone)
		if want := "memory:\n  '*':\n    name: all\nother:\n  password:\n    env: PW\n  pin: \"01\"\n"; r.out != want || r.err != "" {
			t.Errorf("%s: %s%s", plugin, r.out, r.err)
		}
		t.Setenv("ACCT_KEY", key)
		t.Setenv("ACCT_FILE", file)
		r = evhub(t, "", "acct", "decrypt", "-o", "json")
		if want := `{"memory":{"*":{"name":"all"}},"other":{"password":{"env":"PW"},"pin":"01"}}` + "\n"; r.out != want {
			t.Errorf("%s: %s%s", plugin, r.out, r.err)
		}
		if r := evhub(t, "", "acct", "encrypt", write(t, "a", plainAcct)); r.code != exitDone || r.out != "" {
			t.Errorf("a key was given: %d %s%s", r.code, r.out, r.err)
		}
		t.Setenv("ACCT_KEY", "")
		line := evhub(t, "", "acct", "encrypt", write(t, "a", plainAcct), "-o", "json").line(t)
		if len(line["key"].(string)) != 44 || filepath.Base(line["file"].(string)) != "a.fernet" {
			t.Errorf("%v", line)
		}
	}
}

// TestEveryCommandTakesAKey checks the commands that read an acct file.
func TestEveryCommandTakesAKey(t *testing.T) {
	file, keyFile := encryptedAcct(t, acct.AESGCM256)
	key := strings.TrimSpace(read(t, keyFile))
	for _, args := range [][]string{
		{"check", file}, {"routes", file, "p"}, {"put", "-f", file, "--body", "1"}, {"listen", "-f", file, "--no-journal"},
	} {
		r := evhub(t, "", append(args, "--acct-key-file", keyFile)...)
		r.want(t, exitDone)
		if strings.Contains(r.err, "acct-key") {
			t.Errorf("%v: warned: %s", args, r.err)
		}
		r = evhub(t, "", append(args, "--acct-key", key, "--log-level", "debug")...)
		r.want(t, exitDone, "everybody on this machine can see the command line")
		if strings.Contains(r.out+r.err, key) {
			t.Errorf("%v: the key is shown: %s%s", args, r.out, r.err)
		}
		evhub(t, "", append(args, "--acct-key", key, "--acct-key-file", keyFile)...).want(t, exitUsage, "give one of them")
		evhub(t, "", args...).want(t, exitUsage, "give its key")
	}
}

func TestAcctKeygen(t *testing.T) {
	for _, plugin := range acct.CryptoPlugins() {
		r := evhub(t, "", "acct", "keygen", "--crypto-plugin", plugin)
		if r.code != exitDone || len(r.out) != 45 || r.err != "" {
			t.Errorf("%s: %q %s", plugin, r.out, r.err)
		}
		file := write(t, "acct.yaml", plainAcct)
		evhub(t, "", "acct", "encrypt", file, "--crypto-plugin", plugin, "--acct-key-file", write(t, "key", r.out)).want(t, exitDone)
	}
	evhub(t, "", "acct", "keygen", "--crypto-plugin", "rot13").want(t, exitUsage, "there are fernet, aesgcm256")
	if key := evhub(t, "", "acct", "keygen", "-o", "json").line(t)["key"]; len(key.(string)) != 44 {
		t.Error(key)
	}
}

func TestAcctRefusals(t *testing.T) {
	file, keyFile := encryptedAcct(t, acct.Fernet)
	plain, other := write(t, "acct.yaml", plainAcct), write(t, "other.key", evhub(t, "", "acct", "keygen").out)
	for said, args := range map[string][]string{
		"is encrypted already":                     {"encrypt", file},
		"cannot be decrypted with this key":        {"decrypt", file, "--acct-key-file", other},
		"is encrypted (a Fernet token)":            {"decrypt", file},
		"is not encrypted":                         {"decrypt", plain},
		"is not encrypted, but a key is given":     {"decrypt", plain, "--acct-key-file", keyFile},
		"there is no such file":                    {"decrypt", file, "--acct-key-file", "/nonexistent"},
		"no acct file: name one":                   {"decrypt"},
		"want yaml or json":                        {"decrypt", file, "--output", "nested"},
		"the key is malformed":                     {"decrypt", file, "--acct-key", canary},
		"no crypto plugin \"rot13\"":               {"encrypt", plain, "--crypto-plugin", "rot13"},
		"wants standard base64":                    {"encrypt", plain, "--crypto-plugin", "aesgcm256", "--acct-key", strings.Repeat("-", 43) + "="},
		"is no regular file":                       {"encrypt", plain, "--output-file", t.TempDir(), "--force"},
		"want one plaintext acct file":             {"encrypt"},
		"duplicate key, first on line 1":           {"encrypt", write(t, "a", "a: {b: 1, b: "+canary+"}")},
		"the value does not fit its tag":           {"encrypt", write(t, "a", "a: !!int "+canary)},
		"no acct file: name one, or set ACCT_FILE": {"edit"},
		"is not encrypted; edit it as it is":       {"edit", plain},
		"is no regular file; name an acct file":    {"edit", t.TempDir()},
	} {
		r := evhub(t, "", append([]string{"acct"}, args...)...)
		r.want(t, exitUsage, said)
		if strings.Contains(r.out+r.err, canary) || r.out != "" {
			t.Errorf("%v: a secret is shown: %s%s", args, r.out, r.err)
		}
	}
}

// TestAcctEncryptReplacesNothingUnasked checks what happens to a file that is there.
func TestAcctEncryptReplacesNothingUnasked(t *testing.T) {
	plain := write(t, "acct.yaml", plainAcct)
	there := write(t, "there", "precious")
	check := func(code int, want string, args ...string) {
		t.Helper()
		r := evhub(t, "", append([]string{"acct", "encrypt", plain}, args...)...)
		r.want(t, code, want)
		if code != exitDone && (read(t, there) != "precious" || r.out != "") {
			t.Errorf("%v: replaced, or a key printed: %s", args, r.out)
		}
	}
	check(exitUsage, "is there already; give --force", "--output-file", there)
	check(exitFailure, "cannot be written", "--output-file", filepath.Join(t.TempDir(), "none", "acct"))
	if err := os.Chmod(there, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(there, link); err != nil {
		t.Skip(err)
	}
	check(exitDone, "", "--output-file", link, "--force")
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link itself was replaced: %v", err)
	}
	if info, err := os.Stat(there); err != nil || info.Mode().Perm() != 0o640 || read(t, there) == "precious" {
		t.Errorf("not replaced, or with other permissions: %v, %v", info, err)
	}
	check(exitDone, "", "--output-file", plain) // FILE itself
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(plain), "*")); err != nil || len(files) != 1 || strings.Contains(read(t, plain), "memory") {
		t.Errorf("%v, %v", files, err)
	}
}

// TestTheKeyComesFirst checks that no file is written whose key nobody has.
func TestTheKeyComesFirst(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	plain := write(t, "acct.yaml", plainAcct)
	var said strings.Builder
	code := run(t.Context(), []string{"acct", "encrypt", plain, "--output-file", plain}, newConsole(strings.NewReader(""), full, &said))
	if code != exitFailure || read(t, plain) != plainAcct || !strings.Contains(said.String(), "nothing is written") {
		t.Errorf("exit code %d, %s", code, said.String())
	}
	if left, err := os.ReadDir(filepath.Dir(plain)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
