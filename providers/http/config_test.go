package http_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

func TestOpenNamesTheWrongKey(t *testing.T) {
	secret := providers.NewSecret
	header := func(name, value string) configure {
		return func(c *evhttp.Config) { c.Headers = map[string]providers.Secret{name: secret(value)} }
	}
	for name, tc := range map[string]struct {
		set configure
		key string
	}{
		"no url":            {func(c *evhttp.Config) { c.URL = "" }, "url"},
		"no scheme":         {func(c *evhttp.Config) { c.URL = "example.com/hunter2" }, "url"},
		"other scheme":      {func(c *evhttp.Config) { c.URL = "ftp://example.com/hunter2" }, "url"},
		"no host":           {func(c *evhttp.Config) { c.URL = "http:///hunter2" }, "url"},
		"password in url":   {func(c *evhttp.Config) { c.URL = "http://me:hunter2@example.com/" }, "url"},
		"unparsable url":    {func(c *evhttp.Config) { c.URL = "http://example.com:hunter2/" }, "url"},
		"line break in url": {func(c *evhttp.Config) { c.URL = "http://example.com/hunter2\r\nX: y" }, "url"},
		"unicode host":      {func(c *evhttp.Config) { c.URL = "http://bücher.example/hunter2" }, "url"},
		"path without unix": {func(c *evhttp.Config) { c.Path = "/hunter2" }, "path"},
		"relative path":     {func(c *evhttp.Config) { c.URL, c.Path = "/run/x.sock", "hunter2" }, "path"},
		"method":            {func(c *evhttp.Config) { c.Method = "GET" }, "method"},
		"concurrency":       {func(c *evhttp.Config) { c.Concurrency = 0 }, "concurrency"},
		"header name":       {header("X Evil:", "hunter2"), "headers"},
		"header break":      {header("X-Key", "hunter2\r\nX-Evil: 1"), "headers"},
		"framing header":    {header("content-length", "1"), "headers"},
		"two authorities": {func(c *evhttp.Config) {
			header("authorization", "Token hunter2")(c)
			c.Username = "me"
		}, "headers"},
		"basic and bearer": {func(c *evhttp.Config) {
			c.Password, c.Token = secret("hunter2"), secret("hunter2")
		}, "token"},
		"token with newline": {func(c *evhttp.Config) { c.Token = secret("hunter2\n") }, "token"},
		"colon in user":      {func(c *evhttp.Config) { c.Username, c.Password = "a:b", secret("hunter2") }, "username"},
		"tls without https":  {func(c *evhttp.Config) { c.TLS.ServerName = "x" }, "tls"},
		"half a pair":        {func(c *evhttp.Config) { c.URL, c.TLS.CertFile = "https://example.com", "c.pem" }, "tls"},
		"proxy scheme":       {func(c *evhttp.Config) { c.Proxy = secret("ftp://hunter2@proxy") }, "proxy"},
		"proxy unparsable":   {func(c *evhttp.Config) { c.Proxy = secret("http://me:hunter2@pro xy") }, "proxy"},
		"proxy and unix":     {func(c *evhttp.Config) { c.URL, c.Proxy = "/run/x.sock", secret("env") }, "proxy"},
		"batch":              {func(c *evhttp.Config) { c.Batch = "json" }, "batch"},
		"no batch bytes":     {func(c *evhttp.Config) { c.BatchBytes = 0 }, "batch_bytes"},
		"many batch bytes":   {func(c *evhttp.Config) { c.BatchBytes = providers.GiB + 1 }, "batch_bytes"},
		"hmac, no secret":    {func(c *evhttp.Config) { c.HMAC.Format = "base64" }, "hmac.secret"},
		"hmac, empty secret": {func(c *evhttp.Config) { c.HMAC.Secret = secret("") }, "hmac.secret"},
		"hmac, algorithm":    {func(c *evhttp.Config) { c.HMAC.Secret, c.HMAC.Algorithm = secret("hunter2"), "md5" }, "hmac.algorithm"},
		"hmac, format":       {func(c *evhttp.Config) { c.HMAC.Secret, c.HMAC.Format = secret("hunter2"), "utf8" }, "hmac.format"},
		"hmac, header":       {func(c *evhttp.Config) { c.HMAC.Secret, c.HMAC.Header = secret("hunter2"), "X Y" }, "hmac.header"},
		"hmac, prefix":       {func(c *evhttp.Config) { c.HMAC.Secret, c.HMAC.Prefix = secret("hunter2"), new("\n") }, "hmac.header"},
		"hmac, other header": {func(c *evhttp.Config) {
			header("x-hub-signature-256", "hunter2")(c)
			c.HMAC.Secret = secret("hunter2")
		}, "hmac.header"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connection(t, func(c *evhttp.Config) {
				c.URL = "http://example.com/in"
				tc.set(c)
			}).Open(environment(providers.OrderKey))
			wrongKey(t, err, tc.key)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

// wrongKey checks that err is about that key.
func wrongKey(t *testing.T, err error, key string) {
	t.Helper()
	var wrong *providers.ConfigError
	if !errors.As(err, &wrong) {
		t.Fatalf("%v, want a ConfigError", err)
	}
	if wrong.Key != key {
		t.Errorf("key %q, want %q (%v)", wrong.Key, key, err)
	}
}

func TestOpenReportsAllMistakes(t *testing.T) {
	_, err := connection(t, func(c *evhttp.Config) {
		c.URL, c.Method, c.Batch, c.BatchBytes = "", "GET", "x", 0
		c.RunnerHeaders, c.Headers = map[string]providers.Secret{}, map[string]providers.Secret{}
		c.HMAC = evhttp.HMAC{Algorithm: "x", Format: "x", Header: "x y"}
		c.Outputs = evhttp.Outputs{{Name: "a", Value: "$x"}, {Name: "b", Value: "$y"}}
	}).Open(environment(providers.OrderKey))
	for _, want := range []string{
		"url", "method", "batch:", "batch_bytes", "runner_http_headers", "hmac.secret", "hmac.algorithm", "hmac.format", "hmac.header", "outputs.a", "outputs.b",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open = %v, want it to name %s", err, want)
		}
	}
}

func TestAddressHasNoSecrets(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.com":                  "https://example.com",
		"https://example.com:8443/a%2Fb?key=x": "https://example.com:8443/a%2Fb",
		"http://me:pw@example.com/":            "invalid url",
		"/run/hook.sock":                       "unix:/run/hook.sock:/events",
	} {
		got := connection(t, func(c *evhttp.Config) {
			c.URL = url
			if strings.HasPrefix(url, "/") {
				c.Path = "/events?key=x"
			}
		}).Address
		if got != want {
			t.Errorf("address of %s = %q, want %q", url, got, want)
		}
	}
}

func TestAddressHidesTokens(t *testing.T) {
	address := func(url string) string {
		conns, err := evhttp.Provider().Configure(given{url})
		if err != nil {
			t.Fatal(err)
		}
		return conns[0].Address
	}
	one := address("https://hooks.example/services/T0000/B0000/aB3dE6gH9jK2mN5pQ8")
	other := address("https://hooks.example/services/T0000/B0000/zB3dE6gH9jK2mN5pQ8")
	if strings.Contains(one, "aB3dE6") || one == other || !strings.HasPrefix(one, "https://hooks.example/services/T0000/B0000/~") {
		t.Errorf("addresses %s and %s", one, other)
	}
	if plain := address("https://hooks.example/idem/events-of-everything"); plain != "https://hooks.example/idem/events-of-everything" {
		t.Errorf("address %s", plain)
	}
}

// given decodes nothing but a url.
type given struct{ url string }

func (g given) Decode(into any) error {
	into.(*evhttp.Config).URL = g.url
	return nil
}

// TestFormatsThatAreNotJSON cannot be in a batch, nor be taken apart.
func TestFormatsThatAreNotJSON(t *testing.T) {
	for key, set := range map[string]configure{
		"batch":   func(c *evhttp.Config) { c.Batch = "array" },
		"outputs": func(c *evhttp.Config) { c.Outputs = evhttp.Outputs{{Name: "x", Value: "$"}} },
		"":        func(*evhttp.Config) {},
	} {
		env := environment(providers.OrderKey)
		env.Format = "msgpack"
		_, err := connection(t, func(c *evhttp.Config) {
			c.URL = "http://x.example"
			set(c)
		}).Open(env)
		if key == "" && err == nil {
			continue
		}
		wrongKey(t, err, key)
	}
}
