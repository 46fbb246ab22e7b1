package acct

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The ways of encrypting a file, named as acct's crypto plugins.
const (
	// Fernet files are a bare Fernet token.
	Fernet = "fernet"
	// AESGCM256 files are a nonce of 12 bytes, then what AES-256-GCM makes of the content, with its tag.
	AESGCM256 = "aesgcm256"
)

// CryptoPlugins returns the names of the ways of encrypting a file; acct's default is the first.
func CryptoPlugins() []string { return []string{Fernet, AESGCM256} }

var (
	// ErrEncrypted is of a file that is encrypted where plaintext was wanted.
	ErrEncrypted = errors.New("is encrypted (a Fernet token); give the key that it was encrypted with, in ACCT_KEY or a key file")
	// errDecrypt is the one error of a wrong key, a truncated and a changed file: which it was must not be told.
	errDecrypt      = errors.New("cannot be decrypted with this key: wrong key, or the file is damaged")
	errNotEncrypted = errors.New("is not encrypted, but a key is given; unset ACCT_KEY, or encrypt the file with `evhub acct encrypt`")
)

func knownPlugin(name string) error {
	if slices.Contains(CryptoPlugins(), name) {
		return nil
	}
	return fmt.Errorf("there is no crypto plugin %q; there are %s", name, strings.Join(CryptoPlugins(), ", "))
}

// Encrypt returns the file as acct would encrypt it, ready to be written: msgpack, encrypted by plugin with key.
// Aliases and merge keys are resolved, references stay references, comments are lost, and plain values become what they
// are in YAML 1.1, as acct has it. The warnings are about values for which that makes a difference. Errors are *Errors,
// all of them joined.
func (f *File) Encrypt(plugin string, key Key) ([]byte, []Warning, error) {
	if err := knownPlugin(plugin); err != nil {
		return nil, nil, f.wrong("%w", err)
	}
	raw, err := key.bytes()
	if err != nil {
		return nil, nil, f.wrong("%w", err)
	}
	if plugin == AESGCM256 && strings.ContainsAny(string(key), "-_") {
		return nil, nil, f.wrong("acct could not read the file with this key: aesgcm256 wants standard base64, without - and _")
	}
	packed, warnings, err := f.pack()
	if err != nil {
		return nil, nil, err
	}
	seal := sealFernet
	if plugin == AESGCM256 {
		seal = sealAESGCM
	}
	sealed, err := seal(packed, raw)
	switch {
	case err != nil:
		return nil, nil, f.wrong("%w", err)
	case len(sealed) > maxBytes:
		return nil, nil, f.wrong("%w when it is encrypted", errTooLarge)
	}
	return sealed, warnings, nil
}

// parseEncrypted reads an encrypted acct file. Its nodes have no lines. An empty plugin means the one that the file
// looks like.
func parseEncrypted(name string, data []byte, key Key, plugin string, getenv func(string) string) (*File, error) {
	f := &File{Name: name, getenv: getenv}
	raw, err := key.bytes()
	if err != nil {
		return nil, f.wrong("%w", err)
	}
	if plugin == "" {
		plugin = pluginOf(data)
	}
	if err := knownPlugin(plugin); err != nil {
		return nil, f.wrong("%w", err)
	}
	open := openFernet
	if plugin == AESGCM256 {
		open = openAESGCM
	}
	packed, err := open(data, raw)
	switch {
	case err != nil && looksLikePlaintext(data):
		return nil, f.wrong("%w", errNotEncrypted)
	case err != nil:
		return nil, f.wrong("%w", err)
	}
	f.CryptoPlugin = plugin
	doc, err := nodesFromMsgpack(packed)
	if err != nil {
		return nil, f.wrong("%w", err)
	}
	if err := f.setRoot(doc); err != nil {
		return nil, err
	}
	return f, nil
}

// pluginOf says how an encrypted file looks.
func pluginOf(data []byte) string {
	if looksLikeToken(data) {
		return Fernet
	}
	return AESGCM256
}

// looksLikePlaintext reports whether data is text of the kind that an acct file is. One wrong byte does not make an
// encrypted file look like it.
func looksLikePlaintext(data []byte) bool {
	for _, sign := range []string{": ", ":\n", ":\r", `":`} {
		if bytes.Contains(data, []byte(sign)) {
			return utf8.Valid(data)
		}
	}
	return false
}
