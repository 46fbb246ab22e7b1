package http

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"reflect"

	"github.com/evhub/evhub/providers"
)

// HMAC is how bodies are signed.
type HMAC struct {
	Secret    providers.Secret `yaml:"secret" doc:"Secret that the receiver has too. Without it nothing is signed."`
	Algorithm string           `yaml:"algorithm" doc:"Hash function: sha256, sha384 or sha512."`
	Header    string           `yaml:"header" doc:"Header that carries the signature."`
	Format    string           `yaml:"format" doc:"How the signature is written: hex or base64."`
	Prefix    *string          `yaml:"prefix" doc:"What stands before the signature in the header; the algorithm and = if not given, as in sha256=."`
}

func defaultHMAC() HMAC {
	return HMAC{Algorithm: "sha256", Header: "X-Hub-Signature-256", Format: "hex"}
}

// signer signs bodies.
type signer struct {
	secret         []byte
	algorithm      func() hash.Hash
	encode         func([]byte) string
	header, prefix string
}

// signer checks h; nil means that nothing is signed. fixed are the headers that every request carries.
func (h HMAC) signer(fixed http.Header) (*signer, error) {
	if reflect.DeepEqual(h, defaultHMAC()) {
		return nil, nil
	}
	s := &signer{secret: []byte(h.Secret.Reveal()), header: http.CanonicalHeaderKey(h.Header), prefix: h.Algorithm + "="}
	s.algorithm = map[string]func() hash.Hash{"sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}[h.Algorithm]
	s.encode = map[string]func([]byte) string{"hex": hex.EncodeToString, "base64": base64.StdEncoding.EncodeToString}[h.Format]
	if h.Prefix != nil {
		s.prefix = *h.Prefix
	}
	var errs []error
	if len(s.secret) == 0 {
		errs = append(errs, providers.Invalid("hmac.secret", "is missing or empty, so anybody could sign"))
	}
	if s.algorithm == nil {
		errs = append(errs, providers.Invalid("hmac.algorithm", "no algorithm %q; there are sha256, sha384, sha512", h.Algorithm))
	}
	if s.encode == nil {
		errs = append(errs, providers.Invalid("hmac.format", "no format %q; there are hex, base64", h.Format))
	}
	if err := checkHeader(h.Header, s.prefix, fixed); err != nil {
		errs = append(errs, providers.Invalid("hmac.header", "%w", err))
	}
	return s, errors.Join(errs...)
}

// sign adds the signature of content to header.
func (s *signer) sign(header http.Header, content []byte) {
	if s == nil {
		return
	}
	mac := hmac.New(s.algorithm, s.secret)
	mac.Write(content)
	header[s.header] = []string{s.prefix + s.encode(mac.Sum(nil))}
}
