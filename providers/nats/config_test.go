package nats_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/evhub/evhub/providers"
	evnats "github.com/evhub/evhub/providers/nats"
)

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenNamesTheWrongKey(t *testing.T) {
	secret := providers.NewSecret
	servers := func(s ...string) configure { return func(c *evnats.Config) { c.Servers = s } }
	for name, tc := range map[string]struct {
		set configure
		key string
	}{
		"no server":         {servers(), "servers"},
		"other scheme":      {servers("http://localhost/hunter2"), "servers"},
		"password in url":   {servers("nats://me:hunter2@localhost"), "servers"},
		"token in url":      {servers("hunter2@localhost"), "servers"},
		"unparsable":        {servers("nats://localhost:hunter2"), "servers"},
		"path":              {servers("nats://localhost/hunter2"), "servers"},
		"no host":           {servers("nats://:4222"), "servers"},
		"tls and not":       {servers("nats://a", "tls://b"), "servers"},
		"wildcard":          {func(c *evnats.Config) { c.Subject = "idem.*" }, "subject"},
		"all":               {func(c *evnats.Config) { c.Subject = "idem.>" }, "subject"},
		"blank subject":     {func(c *evnats.Config) { c.Subject = "idem status" }, "subject"},
		"stream name":       {func(c *evnats.Config) { c.Stream = "a.b" }, "stream"},
		"stream in core":    {func(c *evnats.Config) { c.Stream, c.JetStream = "A", false }, "stream"},
		"two ways":          {func(c *evnats.Config) { c.Username, c.Token = "me", secret("hunter2") }, ""},
		"password alone":    {func(c *evnats.Config) { c.Password = secret("hunter2") }, "username"},
		"seed":              {func(c *evnats.Config) { c.NKeySeed = secret("hunter2") }, "nkey_seed"},
		"half a pair":       {func(c *evnats.Config) { c.TLS.CertFile = "c.pem" }, "tls"},
		"missing files two": {func(c *evnats.Config) { c.TLS.KeyFile = "c.key" }, "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connection(t, func(c *evnats.Config) {
				c.Servers = providers.Strings{"localhost"}
				tc.set(c)
			}).Open(environment())
			var wrong *providers.ConfigError
			if !errors.As(err, &wrong) {
				t.Fatalf("Open = %v, want a ConfigError", err)
			}
			if wrong.Key != tc.key {
				t.Errorf("key %q, want %q (%v)", wrong.Key, tc.key, err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	got := connection(t, func(c *evnats.Config) {
		c.Servers, c.Subject, c.Stream = providers.Strings{"a", "nats://b:5222"}, "idem.events", "EVENTS"
	}).Address
	if want := "nats://a:4222,b:5222/idem.events (stream EVENTS)"; got != want {
		t.Errorf("address %q, want %q", got, want)
	}
}

func TestLogin(t *testing.T) {
	user, _ := nkeys.CreateUser()
	public, _ := user.PublicKey()
	seed, _ := user.Seed()
	for name, tc := range map[string]struct {
		server      func(*server.Options)
		right, deny configure
	}{
		"password": {
			func(o *server.Options) { o.Username, o.Password = "me", "hunter2" },
			func(c *evnats.Config) { c.Username, c.Password = "me", providers.NewSecret("hunter2") },
			func(c *evnats.Config) { c.Username, c.Password = "me", providers.NewSecret("hunter3") },
		},
		"token": {
			func(o *server.Options) { o.Authorization = "hunter2" },
			func(c *evnats.Config) { c.Token = providers.NewSecret("hunter2") },
			func(c *evnats.Config) { c.Token = providers.NewSecret("hunter3") },
		},
		"nkey": {
			func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: public}} },
			func(c *evnats.Config) { c.NKeySeed = providers.NewSecret(string(seed)) },
			func(*evnats.Config) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, tc.server)
			s, err := open(t, environment(), func(c *evnats.Config) {
				core(srv)(c)
				tc.deny(c)
			})(t.Context())
			if err == nil {
				closeSession(t, s)
				t.Fatal("a wrong login was accepted")
			}
			if providers.IsPermanent(err) || strings.Contains(err.Error(), "hunter") {
				t.Errorf("refused login: %v", err)
			}
			s = connect(t, environment(), func(c *evnats.Config) {
				core(srv)(c)
				tc.right(c)
			})
			if got := classes(deliver(t, s, numbered("a")...)); got != "[delivered]" {
				t.Error(got)
			}
		})
	}
}

func TestMissingCredentialsFileIsSaidAtDial(t *testing.T) {
	srv := start(t, nil)
	file := filepath.Join(t.TempDir(), "user.creds")
	s, err := open(t, environment(), func(c *evnats.Config) {
		core(srv)(c)
		c.Credentials = file
	})(t.Context())
	if err == nil {
		closeSession(t, s)
	}
	if !errors.Is(err, os.ErrNotExist) && (err == nil || !strings.Contains(err.Error(), file)) {
		t.Errorf("Dial = %v, want it to name the file", err)
	}
}

// TestTLSIsNeverGivenUp has a server without TLS.
func TestTLSIsNeverGivenUp(t *testing.T) {
	srv := start(t, nil)
	for name, set := range map[string]configure{
		"scheme": func(c *evnats.Config) { c.Servers = providers.Strings{"tls://127.0.0.1:" + port(t, srv)} },
		"key":    func(c *evnats.Config) { c.TLS.InsecureSkipVerify = true },
	} {
		s, err := open(t, environment(), func(c *evnats.Config) {
			core(srv)(c)
			set(c)
		})(t.Context())
		if err == nil {
			closeSession(t, s)
			t.Errorf("%s: connected without TLS", name)
		}
	}
}
