package nats

import (
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/evhub/evhub/providers"
)

// authenticate checks the keys that log in and returns the option that does; it may be nil.
func (c Config) authenticate() (nats.Option, error) {
	ways := 0
	for _, given := range []bool{
		c.Username != "" || !c.Password.IsZero(), !c.Token.IsZero(), !c.NKeySeed.IsZero(), c.Credentials != "",
	} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return nil, providers.Invalid("", "username with password, token, nkey_seed and credentials exclude each other; give one")
	case c.Credentials != "":
		return nats.UserCredentials(c.Credentials), nil
	case !c.NKeySeed.IsZero():
		return c.nkey()
	case !c.Token.IsZero():
		return nats.Token(c.Token.Reveal()), nil
	case c.Username != "":
		return nats.UserInfo(c.Username, c.Password.Reveal()), nil
	case !c.Password.IsZero():
		return nil, providers.Invalid("username", "is missing beside password")
	}
	return nil, nil
}

func (c Config) nkey() (nats.Option, error) {
	pair, err := nkeys.FromSeed([]byte(c.NKeySeed.Reveal()))
	if err != nil {
		return nil, providers.Invalid("nkey_seed", "is no NKey seed; it starts with SU: %w", err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, providers.Invalid("nkey_seed", "has no public key: %w", err)
	}
	return nats.Nkey(public, func(nonce []byte) ([]byte, error) {
		signature, err := pair.Sign(nonce)
		if err != nil {
			return nil, fmt.Errorf("signing with nkey_seed: %w", err)
		}
		return signature, nil
	}), nil
}
