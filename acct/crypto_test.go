package acct_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fernet/fernet-go"
	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
)

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// opened undoes Encrypt by other means than Load.
func opened(t testing.TB, plugin string, sealed []byte, key acct.Key) string {
	t.Helper()
	if plugin == acct.Fernet {
		return string(fernet.VerifyAndDecrypt(sealed, 0, fernet.MustDecodeKeys(string(key))))
	}
	raw, err := base64.StdEncoding.DecodeString(string(key))
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, sealed[:12], sealed[12:], nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// encrypted parses text and encrypts it with a new key.
func encrypted(t testing.TB, plugin, text string) (sealed []byte, key acct.Key, warnings []acct.Warning) {
	t.Helper()
	f, err := acct.Parse("acct.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if key, err = acct.NewKey(plugin); err != nil {
		t.Fatal(err)
	}
	if sealed, warnings, err = f.Encrypt(plugin, key); err != nil {
		t.Fatal(err)
	}
	return sealed, key, warnings
}

func TestAESGCMHoldsTheSameAsFernet(t *testing.T) {
	key := acct.Key(readFile(t, aesgcmFixture+".key"))
	for _, plugin := range []string{"", acct.AESGCM256} {
		f, err := acct.Load(aesgcmFixture, acct.Options{Key: key, CryptoPlugin: plugin, Getenv: noEnv})
		if err != nil {
			t.Fatal(err)
		}
		if f.CryptoPlugin != acct.AESGCM256 {
			t.Errorf("encrypted with %q", f.CryptoPlugin)
		}
		if diff := cmp.Diff(decodeEntries(t, parseFixture(t, "acct-rendered.yaml")), decodeEntries(t, f)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestEncryptGivesWhatActGives checks the very bytes inside, which acct made of the same tree.
func TestEncryptGivesWhatAcctGives(t *testing.T) {
	f, err := acct.Load(fernetFixture, acct.Options{Key: fixtureKey(t), Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	text, err := f.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, plugin := range acct.CryptoPlugins() {
		sealed, key, warnings := encrypted(t, plugin, string(text))
		if len(warnings) > 0 {
			t.Errorf("warnings %v", warnings)
		}
		if diff := cmp.Diff(readFile(t, "testdata/acct.msgpack"), opened(t, plugin, sealed, key)); diff != "" {
			t.Error(plugin, diff)
		}
		path := writeFile(t, filepath.Join(t.TempDir(), "acct"), string(sealed))
		again, err := acct.Load(path, acct.Options{Key: " " + key + "\n", Getenv: noEnv})
		if err != nil || again.CryptoPlugin != plugin {
			t.Fatalf("%v, %v", again, err)
		}
		if diff := cmp.Diff(decodeEntries(t, f), decodeEntries(t, again)); diff != "" {
			t.Error(plugin, diff)
		}
	}
}

// TestEveryByteCounts changes each byte of both kinds of files, and cuts them off at many.
func TestEveryByteCounts(t *testing.T) {
	dir := t.TempDir()
	short, shortKey := sealFile(t, []byte{0x80}) // which base64 has to pad
	for fixture, key := range map[string]acct.Key{
		fernetFixture: fixtureKey(t), aesgcmFixture: acct.Key(readFile(t, aesgcmFixture+".key")), short: shortKey,
	} {
		data := strings.TrimSpace(readFile(t, fixture))
		path := filepath.Join(dir, filepath.Base(fixture))
		for i := range len(data) {
			for _, other := range [][]byte{{data[i] ^ 0x80, ':'}, {data[i] + 1, '\n'}}[i%2] {
				if other != data[i] {
					changed := []byte(data)
					changed[i] = other
					checkDamaged(t, path, string(changed), key)
				}
			}
			if i%3 == 0 {
				checkDamaged(t, path, data[:i], key)
			}
		}
		for range 3 {
			other, err := acct.NewKey(acct.Fernet)
			check(t, err)
			checkDamaged(t, path, data, other)
		}
	}
}

// checkDamaged is checkLoad without a test of its own, for there are thousands of cases.
func checkDamaged(t *testing.T, path, content string, key acct.Key) {
	t.Helper()
	f, err := acct.Load(writeFile(t, path, content), acct.Options{Key: key, Getenv: noEnv})
	// White space around a token is none of its bytes.
	if f != nil || text(err) != path+": "+damaged {
		t.Fatalf("%q: got %v", content, err)
	}
}

func TestEncryptRefuses(t *testing.T) {
	f, err := acct.Parse("acct.yaml", []byte("kafka: {x: {a: 1}}"))
	check(t, err)
	urlSafe := acct.Key("-___" + strings.Repeat("A", 39) + "=")
	for name, tt := range map[string]struct {
		plugin string
		key    acct.Key
		want   string
	}{
		"plugin":       {"rot13", urlSafe, `acct.yaml: there is no crypto plugin "rot13"; there are fernet, aesgcm256`},
		"no key":       {acct.Fernet, "", "acct.yaml: the key is malformed; want 32 bytes in base64, which is 44 characters, as `evhub acct keygen` prints it"},
		"short key":    {acct.Fernet, "c2hvcnQ=", "acct.yaml: the key is malformed; want 32 bytes in base64, which is 44 characters, as `evhub acct keygen` prints it"},
		"url-safe key": {acct.AESGCM256, urlSafe, "acct.yaml: acct could not read the file with this key: aesgcm256 wants standard base64, without - and _"},
	} {
		if sealed, _, err := f.Encrypt(tt.plugin, tt.key); sealed != nil || text(err) != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
	if _, err := acct.NewKey("rot13"); err == nil {
		t.Error("a key of an unknown plugin")
	}
}

func TestWhatIsTooLargeEncrypted(t *testing.T) {
	f, err := acct.Parse("acct.yaml", []byte("a: "+strings.Repeat("x", 900_000)))
	check(t, err)
	key, err := acct.NewKey(acct.Fernet)
	check(t, err)
	if _, _, err := f.Encrypt(acct.Fernet, key); text(err) != "acct.yaml: is larger than 1 MiB when it is encrypted" {
		t.Error(err)
	}
	if _, _, err := f.Encrypt(acct.AESGCM256, key[:0]+acct.Key(strings.Repeat("A", 43)+"=")); err != nil {
		t.Error(err)
	}
}

func TestEncryptedFilesWithoutTheirKey(t *testing.T) {
	_, err := acct.Parse("acct", []byte(readFile(t, fernetFixture)))
	if !errors.Is(err, acct.ErrEncrypted) {
		t.Error(err)
	}
	_, err = acct.Load(aesgcmFixture, acct.Options{Getenv: noEnv})
	if want := aesgcmFixture + ":1: is not UTF-8 text; save it as UTF-8, or, if it is encrypted, give its key in ACCT_KEY or a key file"; text(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
	for _, binary := range []string{"\x0f\xff", "a\x7f\n\x80"} { // as it happens
		if _, err := acct.Parse("acct", []byte(binary)); !strings.Contains(text(err), "is not UTF-8 text") {
			t.Error(err)
		}
	}
	checkLoad(t, fernetFixture, acct.Options{Key: fixtureKey(t), CryptoPlugin: acct.AESGCM256}, damaged)
	checkLoad(t, aesgcmFixture, acct.Options{Key: fixtureKey(t), CryptoPlugin: acct.Fernet}, damaged)
	checkLoad(t, aesgcmFixture, acct.Options{Key: fixtureKey(t), CryptoPlugin: "rot13"}, `there is no crypto plugin "rot13"; there are fernet, aesgcm256`)
}

// TestSealsDiffer checks that nothing is reused between two files.
func TestSealsDiffer(t *testing.T) {
	f, err := acct.Parse("acct.yaml", []byte("kafka: {x: {a: 1}}"))
	check(t, err)
	for _, plugin := range acct.CryptoPlugins() {
		key, err := acct.NewKey(plugin)
		check(t, err)
		first, _, err := f.Encrypt(plugin, key)
		check(t, err)
		second, _, err := f.Encrypt(plugin, key)
		check(t, err)
		if other, err := acct.NewKey(plugin); err != nil || other == key || bytes.Equal(first[12:28], second[12:28]) {
			t.Errorf("%s: a key, a nonce or an IV is used twice: %v", plugin, err)
		}
	}
}
