package acct

import (
	"bytes"
	"encoding/base64"

	"github.com/fernet/fernet-go"
)

const (
	// tokenPrefix begins every Fernet token: the version byte 0x80 and the upper bytes of a time before the year 2106.
	tokenPrefix = "gAAAA"
	// tokenOverhead is what a token has around the ciphertext: version, time, IV, HMAC.
	tokenOverhead = 1 + 8 + 16 + 32
	cipherBlock   = 16
)

// looksLikeToken reports whether data is a Fernet token rather than YAML.
func looksLikeToken(data []byte) bool {
	token := bytes.TrimSpace(data)
	return bytes.HasPrefix(token, []byte(tokenPrefix)) && !bytes.ContainsAny(token, ": \n\t")
}

func sealFernet(plain, key []byte) ([]byte, error) {
	return fernet.EncryptAndSign(plain, (*fernet.Key)(key))
}

// openFernet checks the token's form before the library sees it, which ignores what follows broken base64 and panics on
// an empty ciphertext. A token's age does not matter.
func openFernet(data, key []byte) ([]byte, error) {
	token := bytes.TrimSpace(data)
	raw, err := base64.URLEncoding.Strict().DecodeString(string(token))
	if err != nil || len(raw) < tokenOverhead+cipherBlock || (len(raw)-tokenOverhead)%cipherBlock != 0 {
		return nil, errDecrypt
	}
	plain := fernet.VerifyAndDecrypt(token, 0, []*fernet.Key{(*fernet.Key)(key)})
	if plain == nil {
		return nil, errDecrypt
	}
	return plain, nil
}
