package acct_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/evhub/evhub/acct"
)

func TestLoadNamesTheCure(t *testing.T) {
	dir := t.TempDir()
	large := writeFile(t, filepath.Join(dir, "large.yaml"), strings.Repeat("#", 1<<20+1))
	checkLoad(t, filepath.Join(dir, "none.yaml"), acct.Options{}, "there is no such file; check the path: no such file or directory")
	checkLoad(t, dir, acct.Options{}, "is a directory; name a file in it")
	checkLoad(t, large, acct.Options{}, "is larger than 1 MiB")
	if _, err := acct.Load("", acct.Options{Getenv: noEnv}); text(err) != "no acct file: name one, or set ACCT_FILE" {
		t.Error(err)
	}
	if os.Getuid() != 0 && runtime.GOOS != "windows" { // root may read everything
		locked := writeFile(t, filepath.Join(dir, "locked.yaml"), "")
		check(t, os.Chmod(locked, 0))
		checkLoad(t, locked, acct.Options{}, "cannot be read; give this user access to it: permission denied")
	}
}

func TestLoadUsesTheEnvironment(t *testing.T) {
	t.Setenv("ACCT_KEY", "")
	t.Setenv("ACCT_FILE", "testdata/acct-regex.yaml")
	f, err := acct.Load("", acct.Options{})
	if err != nil || f.MatchPlugin != "regex" || f.Name != "testdata/acct-regex.yaml" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestOptionsNeverPrintTheKey(t *testing.T) {
	o := acct.Options{Key: canary}
	asJSON, err := json.Marshal(o)
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v %s", o, &o, o, o), string(asJSON)} {
		if err != nil || strings.Contains(printed, canary) {
			t.Errorf("%s, %v", printed, err)
		}
	}
}

func TestReadableSecretsAreWarnedOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such permissions on Windows")
	}
	warning := "every user of this machine can read this secret; chmod o-r the file, encrypt it, or write {env: NAME} or {file: PATH} instead"
	for name, tt := range map[string]struct {
		in   string
		mode os.FileMode
		want string
	}{
		"password":   {"a: 1\npika: {x: {connection: {password: " + canary + "}}}", 0o644, ":2: pika.x.connection.password: " + warning},
		"in a URL":   {"pika: [{x: {connection: {url: 'amqp://u:" + canary + "@h/'}}}]", 0o604, ":1: pika[0].x.connection.url: " + warning},
		"kafka":      {"kafka: {x: {connection: {sasl_plain_password: " + canary + "}}}", 0o644, ":1: kafka.x.connection.sasl_plain_password: " + warning},
		"private":    {"pika: {x: {password: a}}", 0o640, ""},
		"referenced": {"pika: {x: {password: {env: A}, token: , secret: ''}}", 0o644, ""},
		"no secret":  {"pika: {x: {url: 'amqp://h:5672/', key: a}}", 0o644, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, filepath.Join(t.TempDir(), "acct.yaml"), tt.in)
			check(t, os.Chmod(path, tt.mode))
			f, err := acct.Load(path, acct.Options{Getenv: noEnv})
			check(t, err)
			got := ""
			for _, w := range f.Warnings {
				got += strings.TrimPrefix(w.String(), path)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
