package acct_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fernet/fernet-go"
	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/evhub/evhub/acct"
)

const (
	fernetFixture = "testdata/acct.fernet"
	aesgcmFixture = "testdata/acct.aesgcm256"
	damaged       = "cannot be decrypted with this key: wrong key, or the file is damaged"
)

func fixtureKey(t testing.TB) acct.Key {
	t.Helper()
	return acct.Key(readFile(t, fernetFixture+".key"))
}

// noEnv is an empty environment.
func noEnv(string) string { return "" }

func TestFernetHoldsTheSameAsYAML(t *testing.T) {
	f, err := acct.Load(fernetFixture, acct.Options{Key: fixtureKey(t), Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	got := decodeEntries(t, f)
	if diff := cmp.Diff(decodeEntries(t, parseFixture(t, "acct-rendered.yaml")), got); diff != "" {
		t.Error(diff)
	}
	if len(got) != 3 || got[1].Settings.Connection["password"] != "päss wörd" || len(f.Warnings) > 0 {
		t.Errorf("entries %v, warnings %v", got, f.Warnings)
	}
}

func TestKeyFromTheEnvironment(t *testing.T) {
	key := fixtureKey(t)
	getenv := func(name string) string {
		return map[string]string{"ACCT_FILE": fernetFixture, "ACCT_KEY": string(key)}[name]
	}
	if _, err := acct.Load("", acct.Options{Getenv: getenv}); err != nil {
		t.Error(err)
	}
}

// sealFile encrypts plain into a file and returns its path and key.
func sealFile(t *testing.T, plain []byte) (path string, key acct.Key) {
	t.Helper()
	k := new(fernet.Key)
	if err := k.Generate(); err != nil {
		t.Fatal(err)
	}
	token, err := fernet.EncryptAndSignAtTime(plain, k, time.Unix(0, 0)) // age does not matter
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, filepath.Join(t.TempDir(), "acct.fernet"), string(token)+"\n"), acct.Key(k.Encode())
}

func TestFernetErrorsHaveNoLine(t *testing.T) {
	plain, err := msgpack.Marshal(map[string]any{"kafka": map[string]any{"idem-*": map[string]any{"topcis": 1}}})
	if err != nil {
		t.Fatal(err)
	}
	path, key := sealFile(t, plain)
	f, err := acct.Load(path, acct.Options{Key: key, Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := f.Entries(ourNames)
	if err != nil {
		t.Fatal(err)
	}
	err = entries[0].Decode(&broad{})
	if want := path + ": kafka.idem-*.topcis: unknown key; did you mean topics?"; text(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDamagedTokensAllFailAlike(t *testing.T) {
	token, err := os.ReadFile(fernetFixture)
	if err != nil {
		t.Fatal(err)
	}
	token = bytes.TrimSpace(token)
	changed := func(i int, b byte) []byte {
		c := bytes.Clone(token)
		c[i] = b
		return c
	}
	empty := bytes.Repeat([]byte{0x80}, 57)
	for name, data := range map[string][]byte{
		"first byte":       changed(0, 'h'),
		"foreign byte":     changed(0, '%'),
		"time":             changed(8, 'x'),
		"middle":           changed(len(token)/2, 'A'+token[len(token)/2]%2),
		"foreign middle":   changed(len(token)/2, '!'),
		"signature":        changed(len(token)-6, 'A'+token[len(token)-6]%2),
		"truncated":        token[:len(token)-4],
		"half":             token[:len(token)/2],
		"start alone":      token[:5],
		"appended":         append(bytes.Clone(token), "AAAA"...),
		"garbage behind":   append(bytes.Clone(token), "!!"...),
		"twice":            append(bytes.Clone(token), token...),
		"empty":            {},
		"no ciphertext":    []byte(base64.URLEncoding.EncodeToString(empty)),
		"binary (AES-GCM)": {0xff, 0xfe, 1, '\n', 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, filepath.Join(t.TempDir(), "acct.fernet"), string(data))
			checkLoad(t, path, acct.Options{Key: fixtureKey(t)}, damaged)
		})
	}
}

// TestAnEmptyCiphertext reads a token with a right signature and nothing in it, at which the library panics.
func TestAnEmptyCiphertext(t *testing.T) {
	raw := append([]byte{0x80}, make([]byte, 24)...)
	signature := hmac.New(sha256.New, make([]byte, 16))
	signature.Write(raw)
	path := writeFile(t, filepath.Join(t.TempDir(), "acct"), base64.URLEncoding.EncodeToString(signature.Sum(raw)))
	checkLoad(t, path, acct.Options{Key: acct.Key(new(fernet.Key).Encode())}, damaged)
}

func TestWrongKeys(t *testing.T) {
	other := new(fernet.Key)
	malformed := "the key is malformed; want 32 bytes in base64, which is 44 characters, as `evhub acct keygen` prints it"
	encrypted := "is encrypted (a Fernet token); give the key that it was encrypted with, in ACCT_KEY or a key file"
	for name, tt := range map[string]struct {
		key  acct.Key
		want string
	}{
		"another": {acct.Key(other.Encode()), damaged},
		"short":   {"c2hvcnQ=", malformed},
		"no key":  {"", encrypted},
		"text":    {canary, malformed},
		"blank":   {"  \n", encrypted},
	} {
		t.Run(name, func(t *testing.T) {
			checkLoad(t, fernetFixture, acct.Options{Key: tt.key}, tt.want)
		})
	}
	checkLoad(t, "testdata/acct-dict.yaml", acct.Options{Key: canary}, malformed)
	checkLoad(t, "testdata/acct-dict.yaml", acct.Options{Key: fixtureKey(t)}, "is not encrypted, but a key is given; unset ACCT_KEY, or encrypt the file with `evhub acct encrypt`")
}

// checkLoad checks that Load fails with an *Error for path that says want, and does not quote the key.
func checkLoad(t *testing.T, path string, opts acct.Options, want string) {
	t.Helper()
	opts.Getenv = noEnv
	f, err := acct.Load(path, opts)
	if f != nil || text(err) != path+": "+want {
		t.Errorf("got %v\nwant %s: %s", err, path, want)
	}
	if opts.Key != "" && strings.Contains(text(err), string(opts.Key)) {
		t.Errorf("the key leaks: %v", err)
	}
}
