package acct_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/evhub/evhub/acct"
)

func TestNewKey(t *testing.T) {
	forms := map[string]*regexp.Regexp{
		acct.Fernet:    regexp.MustCompile(`^[A-Za-z0-9_-]{43}=$`),
		acct.AESGCM256: regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`),
	}
	for _, plugin := range acct.CryptoPlugins() {
		for range 50 { // a key without any of the four telling characters is rare
			key, err := acct.NewKey(plugin)
			if err != nil || !forms[plugin].MatchString(string(key)) {
				t.Fatalf("%s: %q, %v", plugin, string(key), err)
			}
		}
	}
}

func TestKeysNeverPrint(t *testing.T) {
	key := acct.Key(canary)
	holder := struct{ Key acct.Key }{key}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("a", "key", key, "holder", holder)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("a", "key", key, "holder", holder)
	asJSON, err := json.Marshal(holder)
	printed := fmt.Sprintf("%v %s %q %x %d %#v %+v %v", key, key, key, key, key, key, holder, &holder) + logged.String() + string(asJSON)
	if err != nil || strings.Contains(printed, canary) || strings.Contains(printed, fmt.Sprintf("%x", canary)) {
		t.Errorf("%s, %v", printed, err)
	}
}

func TestReadKey(t *testing.T) {
	dir := t.TempDir()
	good := string(fixtureKey(t))
	file := writeFile(t, filepath.Join(dir, "key"), " "+good+"\n\n")
	bad := writeFile(t, filepath.Join(dir, "bad"), canary)
	check(t, os.Chmod(file, 0o640))
	env := func(name string) string { return map[string]string{"ACCT_KEY": " from the environment\n"}[name] }
	for name, tt := range map[string]struct {
		opts      acct.Options
		want, err string
	}{
		"none":        {acct.Options{Getenv: noEnv}, "", ""},
		"given":       {acct.Options{Key: " a ", Getenv: env}, "a", ""},
		"environment": {acct.Options{Getenv: env}, "from the environment", ""},
		"file":        {acct.Options{KeyFile: file, Getenv: env}, strings.TrimSpace(good), ""},
		"both":        {acct.Options{Key: "a", KeyFile: file}, "", "a key and a key file are given; give one of them"},
		"no file":     {acct.Options{KeyFile: dir + "/none"}, "", dir + "/none: there is no such file; check the path: no such file or directory"},
		"no key":      {acct.Options{KeyFile: bad}, "", bad + ": the key is malformed; want 32 bytes in base64, which is 44 characters, as `evhub acct keygen` prints it"},
		"a directory": {acct.Options{KeyFile: dir}, "", dir + ": cannot be read: is a directory"},
	} {
		key, warnings, err := tt.opts.ReadKey()
		if string(key) != tt.want || text(err) != tt.err || len(warnings) > 0 {
			t.Errorf("%s: %q, %v, %v", name, string(key), warnings, err)
		}
	}
}

func TestReadableKeysAreWarnedOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such permissions on Windows")
	}
	file := writeFile(t, filepath.Join(t.TempDir(), "key"), string(fixtureKey(t)))
	check(t, os.Chmod(file, 0o604))
	f, err := acct.Load(fernetFixture, acct.Options{KeyFile: file, Getenv: noEnv})
	check(t, err)
	want := file + ": every user of this machine can read this key; chmod o-r the file"
	if len(f.Warnings) != 1 || f.Warnings[0].String() != want {
		t.Errorf("%v, want %s", f.Warnings, want)
	}
}
