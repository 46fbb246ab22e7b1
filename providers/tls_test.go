package providers_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
)

// TestKeyFiles: the keys were made with openssl and carry the password "secret".
func TestKeyFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/key-*.pem")
	if err != nil || len(files) < 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		plain := strings.Contains(file, "plain")
		for password, opens := range map[string]bool{"secret": true, "wrong": plain, "": plain} {
			config := providers.TLS{CertFile: "testdata/cert.pem", KeyFile: file, Password: providers.NewSecret(password)}
			c, err := config.Config()
			if (err == nil) != opens {
				t.Errorf("%s with %q: %v", file, password, err)
			}
			if err == nil && len(c.Certificates) != 1 {
				t.Errorf("%s: %d certificates", file, len(c.Certificates))
			}
			if err != nil && password != "" && strings.Contains(err.Error(), password) {
				t.Errorf("the password is in %v", err)
			}
		}
	}
}
