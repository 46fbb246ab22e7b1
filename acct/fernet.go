package acct

import (
	"bytes"
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"github.com/fernet/fernet-go"
)

const (
	// tokenPrefix begins every Fernet token: the version byte 0x80 and the upper bytes of a time before the year 2106.
	tokenPrefix = "gAAAA"
	// tokenOverhead is what a token has around the ciphertext: version, time, IV, HMAC.
	tokenOverhead = 1 + 8 + 16 + 32
	cipherBlock   = 16
)

// One error for a wrong key, a truncated and a changed token: they cannot be told apart safely.
var errDecrypt = errors.New("cannot be decrypted with this key: wrong key, or the file is damaged")

// looksLikeToken reports whether data is a Fernet token rather than YAML.
func looksLikeToken(data []byte) bool {
	token := bytes.TrimSpace(data)
	return bytes.HasPrefix(token, []byte(tokenPrefix)) && !bytes.ContainsAny(token, ": \n\t")
}

// parseFernet reads an encrypted acct file. Its nodes have no lines.
func parseFernet(name string, data []byte, key string, getenv func(string) string) (*File, error) {
	f := &File{Name: name, getenv: getenv}
	token := bytes.TrimSpace(data)
	if utf8.Valid(token) && bytes.ContainsAny(token, ": \n\t") {
		return nil, f.wrong("is not encrypted, but a key is given; unset ACCT_KEY, or encrypt the file with `acct encrypt`")
	}
	k, err := fernet.DecodeKey(key)
	if err != nil {
		return nil, f.wrong("the key (ACCT_KEY) is not a Fernet key: 32 bytes in url-safe base64, which is 44 characters")
	}
	packed, err := decrypt(token, k)
	if err != nil {
		return nil, f.wrong("%w", err)
	}
	doc, err := nodesFromMsgpack(packed)
	if err != nil {
		return nil, f.wrong("%w", err)
	}
	if err := f.setRoot(doc); err != nil {
		return nil, err
	}
	return f, nil
}

// decrypt checks the token's form before the library sees it, which ignores what follows broken base64 and panics on
// an empty ciphertext.
func decrypt(token []byte, key *fernet.Key) ([]byte, error) {
	raw, err := base64.URLEncoding.Strict().DecodeString(string(token))
	if err != nil || len(raw) < tokenOverhead+cipherBlock || (len(raw)-tokenOverhead)%cipherBlock != 0 {
		return nil, errDecrypt
	}
	plain := fernet.VerifyAndDecrypt(token, 0, []*fernet.Key{key})
	if plain == nil {
		return nil, errDecrypt
	}
	return plain, nil
}
