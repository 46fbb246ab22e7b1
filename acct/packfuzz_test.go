package acct_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"os"
	"strings"
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

// FuzzDecrypt: nothing that an encrypted file holds makes the package panic, and what it reads it can print.
func FuzzDecrypt(f *testing.F) {
	f.Add([]byte(readFile(f, "testdata/acct.msgpack")))
	for _, seed := range []string{"\xc0", "\x80", "\x81\xa1a\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x00", "\x81\xc0\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01", "\x82\x01\xc3\xc3\xc2", "\x81\xa2<<\xa1=", "\x81\xa1a\xc4\x01b"} {
		f.Add([]byte(seed))
	}
	key := make([]byte, 32)
	block, err := aes.NewCipher(key)
	if err != nil {
		f.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		f.Fatal(err)
	}
	opts := acct.Options{Key: acct.Key(base64.StdEncoding.EncodeToString(key))}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, packed []byte) {
		writeBytes(t, dir+"/acct", gcm.Seal(nil, nil, packed, nil))
		file, err := acct.Load(dir+"/acct", opts)
		if err != nil {
			return
		}
		if text, err := file.YAML(); err == nil && len(text) == 0 {
			t.Error("no text")
		} else if err != nil && strings.Contains(err.Error(), "means the same") {
			t.Error(err)
		}
		_, _ = file.JSON() // may hold infinity
	})
}
