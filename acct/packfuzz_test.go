package acct_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/evhub/evhub/acct"
)

func writeBytes(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzEncrypt: what can be encrypted decrypts to YAML that encrypts to the same.
func FuzzEncrypt(f *testing.F) {
	for _, name := range []string{"acct-dict.yaml", "acct-list.yaml", "acct-rendered.yaml"} {
		f.Add([]byte(readFile(f, "testdata/"+name)))
	}
	for _, seed := range []string{
		"a: &a {x: 1}\nb: {<<: *a}", "a: [yes, 1:30, 0x1F, 1e3, 1.0e+3, .nan, ~, '', \"\\n\", \"\\x85\"]",
		"? |\n  a\n  b\n: c", "\"a\\n\": '#'", "a: !!binary aGk=", "'<<': '='", "\"\\ud800\": a", "- a", "a: \"\\t x\\n\"", "0: a\n'-0': b",
	} {
		f.Add([]byte(seed))
	}
	key, err := acct.NewKey(acct.AESGCM256)
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := acct.Parse("acct.yaml", data)
		if err != nil {
			return
		}
		sealed, _, err := file.Encrypt(acct.AESGCM256, key)
		if err != nil {
			return
		}
		writeBytes(t, dir+"/acct", sealed)
		again, err := acct.Load(dir+"/acct", acct.Options{Key: key})
		if err != nil {
			t.Fatalf("cannot be read again: %v", err)
		}
		text, err := again.YAML() // which compares
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("binary")) {
			return // it becomes text, as it does in acct
		}
		if direct, err := file.YAML(); err != nil || !bytes.Equal(direct, text) {
			t.Fatalf("%s\nis not, unencrypted, %s: %v", text, direct, err)
		}
	})
}
