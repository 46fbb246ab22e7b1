package acct

import (
	"crypto/aes"
	"crypto/cipher"
)

func newAESGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealAESGCM returns the nonce and then the ciphertext with its tag.
func sealAESGCM(plain, key []byte) ([]byte, error) {
	gcm, err := newAESGCM(key)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(nil, nil, plain, nil), nil
}

func openAESGCM(data, key []byte) ([]byte, error) {
	gcm, err := newAESGCM(key)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nil, data, nil)
	if err != nil {
		return nil, errDecrypt
	}
	return plain, nil
}
