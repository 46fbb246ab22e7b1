package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const canary = "hunter2canary"

// secretAcct has a canary in every kind of key that is a secret, and nothing that answers.
const secretAcct = `kafka:
  p: {connection: {bootstrap_servers: "127.0.0.1:1", sasl_mechanism: PLAIN, security_protocol: SASL_PLAINTEXT, sasl_plain_username: u, sasl_plain_password: CANARY}, topics: [t]}
amqp:
  - p: {connection: {host: 127.0.0.1, port: 1, login: u, password: CANARY}}
  - p: {connection: {url: "amqp://u:CANARY@127.0.0.1:1/"}}
nats:
  - p: {servers: "nats://127.0.0.1:1", username: u, password: CANARY}
  - p: {servers: "nats://127.0.0.1:1", token: CANARY}
http:
  - p: {url: "http://127.0.0.1:1/", username: u, password: {env: EVHUB_TEST_LOGIN}}
  - p: {url: "http://127.0.0.1:1/", token: {file: secret}}
  - p: {url: "http://127.0.0.1:1/", headers: {X-Key: CANARY}}
  - p: {url: "http://127.0.0.1:1/", proxy: "http://u:CANARY@127.0.0.1:1"}
`

func writeSecrets(t *testing.T, text string) string {
	t.Helper()
	t.Setenv("EVHUB_TEST_LOGIN", canary)
	acctFile := write(t, "acct.yaml", strings.ReplaceAll(text, "CANARY", canary))
	secret := strings.TrimSuffix(acctFile, "acct.yaml") + "secret"
	if err := os.WriteFile(secret, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return acctFile
}

func TestSecretsAreNeverShown(t *testing.T) {
	acctFile := writeSecrets(t, secretAcct)
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"check":         {[]string{"check", acctFile}, exitDone},
		"check JSON":    {[]string{"check", acctFile, "-o", "json"}, exitDone},
		"connect":       {[]string{"check", acctFile, "--connect", "--timeout", "2s"}, exitFailure},
		"connect, JSON": {[]string{"check", acctFile, "--connect", "--timeout", "2s", "-o", "json"}, exitFailure},
		"routes":        {[]string{"routes", acctFile, "p", "--explain"}, exitDone},
		"put":           {[]string{"put", "-f", acctFile, "--profile", "p", "--body", "1", "--timeout", "300ms", "--wait"}, exitRemain},
		"put, JSON":     {[]string{"put", "-f", acctFile, "--profile", "p", "--body", "1", "--timeout", "300ms", "--wait", "-o", "json"}, exitRemain},
	} {
		t.Run(name, func(t *testing.T) {
			r := evhub(t, "", append(c.args, "--log-level", "debug")...)
			r.want(t, c.code)
			if strings.Contains(r.out+r.err, canary) {
				t.Errorf("a secret is shown\nstdout: %sstderr: %s", r.out, r.err)
			}
		})
	}
}

// TestSecretsAreNotInMistakes checks the errors of settings that are wrong and have a secret in them or beside them.
func TestSecretsAreNotInMistakes(t *testing.T) {
	for _, text := range []string{
		"http:\n  p: {url: \"http://u:CANARY@h/\"}\n",
		"http:\n  p: {url: \"http://h/\", token: [CANARY]}\n",
		"http:\n  p: {url: \"http://h/\", token: CANARY, password: CANARY}\n",
		"http:\n  p: {url: \"http://h/\", headers: {\"bad name\": CANARY}}\n",
		"http:\n  p: {url: \"http://h/\", headers: {X-Key: \"CANARY\\n\"}}\n",
		"http:\n  p: {url: \"http://h/\", proxy: \"nohost://CANARY\"}\n",
		"nats:\n  p: {servers: \"nats://u:CANARY@h:1\"}\n",
		"nats:\n  p: {servers: h, nkey_seed: CANARY}\n",
		"amqp:\n  p: {connection: {url: \"amqp://u:CANARY@h:port/\"}}\n",
		"kafka:\n  p: {connection: {bootstrap_servers: h, sasl_mechanism: NONE, sasl_plain_password: CANARY}}\n",
		"kafka:\n  p: {connection: {bootstrap_servers: h, sasl_plain_pasword: CANARY}}\n",
	} {
		r := evhub(t, "", "check", writeSecrets(t, text), "--log-level", "debug")
		if r.code != exitUsage || r.err == "" {
			t.Errorf("exit code %d: %s%s: %s", r.code, r.out, r.err, text)
		}
		if strings.Contains(r.out+r.err, canary) {
			t.Errorf("a secret is shown: %s%s", r.out, r.err)
		}
	}
}

// TestSecretsThatAReceiverEchoes checks the answers of an endpoint that says what it was sent.
func TestSecretsThatAReceiverEchoes(t *testing.T) {
	e := answering(t, http.StatusBadRequest)
	e.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "bad login: "+r.Header.Get("Authorization"), http.StatusBadRequest)
	})
	acctFile := write(t, "acct.yaml", fmt.Sprintf("http:\n  p: {url: %q, token: %s}\n", e.URL, canary))
	r := evhub(t, "", "put", "-f", acctFile, "--profile", "p", "--body", "1", "--log-level", "debug", "--wait")
	r.want(t, exitDead, "400")
	if strings.Contains(r.out+r.err, canary) {
		t.Errorf("a secret is shown: %s%s", r.out, r.err)
	}
}

// TestSecretsAreNotInAJournal checks the commands that work on one, and the files of it.
func TestSecretsAreNotInAJournal(t *testing.T) {
	e, dir := answering(t, http.StatusBadRequest), newDir(t)
	e.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "bad login: "+r.Header.Get("Authorization"), http.StatusBadRequest)
	})
	acctFile := writeSecrets(t, secretAcct+fmt.Sprintf("  - q: {name: hook, url: %q, token: CANARY}\n", e.URL))
	put := []string{"put", "-f", acctFile, "--journal", dir, "--timeout", "300ms", "--log-level", "debug", "--body", "1", "--profile"}
	for _, args := range [][]string{
		append(put, "q", "--id", "x"), append(put, "p", "--wait"), append(put, "p", "-o", "json"),
		{"drain", "-f", acctFile, "--journal", dir, "--timeout", "300ms", "--interval", "50ms", "--log-level", "debug"},
		{"drain", "-f", acctFile, "--journal", dir, "--timeout", "300ms", "--interval", "50ms", "-o", "json"},
		{"deadletters", "list", "--journal", dir, "-o", "json"}, {"deadletters", "show", "--journal", dir, "x"},
		{"journal", "status", "--journal", dir}, {"journal", "tail", "--journal", dir}, {"journal", "export", "--journal", dir},
	} {
		r := evhub(t, "", args...)
		if strings.Contains(r.out+r.err, canary) {
			t.Errorf("%v: a secret is shown\nstdout: %sstderr: %s", args, r.out, r.err)
		}
	}
	evhub(t, "", "deadletters", "show", "--journal", dir, "x").want(t, exitDone, "400")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(read(t, path), canary) {
			t.Errorf("a secret is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAWorldReadableSecretIsWarnedOfOnce(t *testing.T) {
	acctFile := write(t, "acct.yaml", "http:\n  p: {url: \"http://127.0.0.1:1/\", token: "+canary+"}\n")
	if err := os.Chmod(acctFile, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", acctFile}, {"routes", acctFile, "p"}, {"put", "-f", acctFile, "--body", "1"}, {"listen", "-f", acctFile},
	} {
		r := evhub(t, "", args...)
		r.want(t, exitDone)
		if n := strings.Count(r.err, "chmod o-r"); n != 1 {
			t.Errorf("%s: warned of %d times: %s", args[0], n, r.err)
		}
	}
}
