package acct

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
)

// Key is the text of a key: 32 bytes in base64. It never prints itself, unless it is converted to a string.
type Key string

const (
	redacted   = "[secret]"
	keyBytes   = 32
	maxKeyFile = 4096
)

// errKey is also what a text that is no key at all comes to.
var errKey = errors.New("the key is malformed; want 32 bytes in base64, which is 44 characters, as `evhub acct keygen` prints it")

// NewKey makes a key for a crypto plugin, in the form that acct wants: url-safe base64 for fernet, standard base64 for
// aesgcm256.
func NewKey(plugin string) (Key, error) {
	if err := knownPlugin(plugin); err != nil {
		return "", err
	}
	var raw [keyBytes]byte
	_, _ = rand.Read(raw[:]) // never fails, see its documentation
	if plugin == AESGCM256 {
		return Key(base64.StdEncoding.EncodeToString(raw[:])), nil
	}
	return Key(base64.URLEncoding.EncodeToString(raw[:])), nil
}

// Format implements fmt.Formatter for all verbs.
func (k Key) Format(s fmt.State, _ rune) { fmt.Fprint(s, redacted) }

// MarshalText implements encoding.TextMarshaler, which serves JSON and YAML too.
func (k Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// bytes returns what the key stands for, in whichever of both alphabets it is written.
func (k Key) bytes() ([]byte, error) {
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(string(k)))
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != keyBytes {
		return nil, errKey
	}
	return raw, nil
}

// ReadKey returns the key that Load decrypts with; empty if there is none. Its warning, if any, is that others can read
// the file that the key is in. Errors never hold the key.
func (o Options) ReadKey() (Key, []Warning, error) {
	key := strings.TrimSpace(string(o.Key))
	switch {
	case key != "" && o.KeyFile != "":
		return "", nil, errors.New("a key and a key file are given; give one of them")
	case o.KeyFile != "":
		return readKeyFile(o.KeyFile)
	case key == "":
		key = strings.TrimSpace(o.getenv()("ACCT_KEY"))
	}
	return Key(key), nil, nil
}

func readKeyFile(path string) (Key, []Warning, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", nil, &Error{File: path, Err: withCure(err)}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", nil, &Error{File: path, Err: withCure(err)}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return "", nil, &Error{File: path, Err: withCure(err)}
	}
	key := Key(strings.TrimSpace(string(data)))
	if _, err := key.bytes(); err != nil {
		return "", nil, &Error{File: path, Err: err}
	}
	var warnings []Warning
	if info.Mode().Perm()&0o004 != 0 && info.Mode().IsRegular() && runtime.GOOS != "windows" {
		warnings = append(warnings, Warning{File: path, Text: "every user of this machine can read this key; chmod o-r the file"})
	}
	return key, warnings, nil
}
