package providers

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
)

var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES128CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

var errKeyPassword = errors.New("the key does not open with the given password")

// maxIterations bounds the work that a key file can ask for.
const maxIterations = 10_000_000

// decryptKey returns the PEM of a private key without its encryption: PKCS #8 as openssl writes it (PBES2 with
// PBKDF2 and AES), or the older form with a DEK-Info header. A key that is not encrypted is returned as it is.
func decryptKey(file, password []byte) ([]byte, error) {
	for rest := file; ; {
		block, next := pem.Decode(rest)
		switch {
		case block == nil:
			return file, nil
		case block.Type == "ENCRYPTED PRIVATE KEY":
			der, err := decryptPKCS8(block.Bytes, password)
			if err != nil {
				return nil, err
			}
			return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
		case x509.IsEncryptedPEMBlock(block): //nolint:staticcheck // the format is weak, and still what users have
			der, err := x509.DecryptPEMBlock(block, password) //nolint:staticcheck // see above
			if err != nil {
				return nil, errKeyPassword
			}
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), nil
		}
		rest = next
	}
}

type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Parameters struct {
	Derivation, Cipher pkix.AlgorithmIdentifier
}

type pbkdf2Parameters struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	Hash       pkix.AlgorithmIdentifier `asn1:"optional"`
}

func decryptPKCS8(der, password []byte) ([]byte, error) {
	var key encryptedKey
	var scheme pbes2Parameters
	var derivation pbkdf2Parameters
	var iv []byte
	if _, err := asn1.Unmarshal(der, &key); err != nil {
		return nil, fmt.Errorf("not an encrypted PKCS #8 key: %w", err)
	}
	if !key.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, errors.New("the key's encryption is not PBES2; write it anew with openssl pkcs8 -topk8 -v2 aes256")
	}
	if _, err := asn1.Unmarshal(key.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, err
	}
	if !scheme.Derivation.Algorithm.Equal(oidPBKDF2) {
		return nil, errors.New("the key's password is not derived with PBKDF2; write it anew with openssl pkcs8 -topk8 -v2 aes256")
	}
	if _, err := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &derivation); err != nil {
		return nil, err
	}
	if _, err := asn1.Unmarshal(scheme.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	block, err := derivation.cipher(password, scheme.Cipher.Algorithm)
	if err != nil {
		return nil, err
	}
	return decryptCBC(block, iv, key.Data)
}

func (p pbkdf2Parameters) cipher(password []byte, algorithm asn1.ObjectIdentifier) (cipher.Block, error) {
	size := map[string]int{oidAES128CBC.String(): 16, oidAES256CBC.String(): 32}[algorithm.String()]
	hashes := map[string]func() hash.Hash{"": sha1.New, oidHMACSHA1.String(): sha1.New, oidHMACSHA256.String(): sha256.New}
	newHash := hashes[p.Hash.Algorithm.String()]
	if size == 0 || newHash == nil || p.Iterations < 1 || p.Iterations > maxIterations {
		return nil, errors.New("the key's encryption is not AES-CBC with SHA-1 or SHA-256; write it anew with openssl pkcs8 -topk8 -v2 aes256")
	}
	key, err := pbkdf2.Key(newHash, string(password), p.Salt, p.Iterations, size)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(key)
}

// decryptCBC takes off the cipher and its padding.
func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, errors.New("the encrypted key is cut off")
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > size {
		return nil, errKeyPassword
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, errKeyPassword
		}
	}
	return plain[:len(plain)-pad], nil
}
