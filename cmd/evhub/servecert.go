package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"
)

// certificate is what evhub serve shows clients over TCP; none if no files are named.
type certificate struct {
	cert, key string
	loaded    atomic.Pointer[tls.Certificate]
}

func (c *certificate) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.cert, "tls-cert", "", "`file` with the certificate for TCP, in PEM, with those of intermediate authorities behind it")
	flags.StringVar(&c.key, "tls-key", "", "`file` with the certificate's key, in PEM")
	for _, name := range []string{"tls-cert", "tls-key"} {
		_ = cmd.MarkFlagFilename(name) // fails only for a flag that does not exist
	}
}

func (c *certificate) check() error {
	if (c.cert == "") != (c.key == "") {
		return errors.New("--tls-cert and --tls-key: give both or none")
	}
	return nil
}

// read reads the files; nil if there are none.
func (c *certificate) read() (*tls.Certificate, error) {
	if c.cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.cert, c.key, err)
	}
	return &pair, nil
}

// config has each connection use what is in loaded then; nil without a certificate.
func (c *certificate) config() *tls.Config {
	if c.cert == "" {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.loaded.Load(), nil
		},
	}
}

func (c *certificate) scheme() string {
	if c.cert == "" {
		return "http"
	}
	return "https"
}
