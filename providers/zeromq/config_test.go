package zeromq_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/zeromq"
)

func TestWrongKeysAreNamed(t *testing.T) {
	long := strings.Repeat("x", 256)
	for name, c := range map[string]struct {
		set  configure
		keys []string
	}{
		"nothing":         {func(c *zeromq.Config) {}, []string{"endpoints"}},
		"no scheme":       {to("localhost:5555"), []string{"endpoints"}},
		"no address":      {to("tcp://"), []string{"endpoints"}},
		"transport":       {to("udp://h:1"), []string{"endpoints"}},
		"no port":         {to("tcp://h"), []string{"endpoints"}},
		"port 0":          {to("tcp://h:0"), []string{"endpoints"}},
		"named port":      {to("tcp://h:http"), []string{"endpoints"}},
		"high port":       {to("tcp://h:65536"), []string{"endpoints"}},
		"no host":         {to("tcp://:5555"), []string{"endpoints"}},
		"path":            {to("tcp://h/x:5555"), []string{"endpoints"}},
		"connect to *":    {to("tcp://*:5555"), []string{"endpoints"}},
		"source address":  {to("tcp://eth0;h:5555"), []string{"endpoints"}},
		"socket":          {func(c *zeromq.Config) { to("tcp://h:1")(c); c.Socket = "req" }, []string{"socket"}},
		"push binds":      {func(c *zeromq.Config) { to("tcp://h:1")(c); c.Bind = true }, []string{"bind"}},
		"push with topic": {func(c *zeromq.Config) { to("tcp://h:1")(c); c.Topic = "x" }, []string{"topic"}},
		"lonely password": {func(c *zeromq.Config) { to("tcp://h:1")(c); c.Password = providers.NewSecret("x") }, []string{"password"}},
		"long user":       {func(c *zeromq.Config) { to("tcp://h:1")(c); c.Username = long }, []string{"username"}},
		"long password":   {func(c *zeromq.Config) { to("tcp://h:1")(c); c.Username, c.Password = "u", providers.NewSecret(long) }, []string{"username"}},
		"bind and login":  {func(c *zeromq.Config) { to("tcp://*:1")(c); c.Socket, c.Bind, c.Username = "pub", true, "u" }, []string{"username"}},
		"both names": {func(c *zeromq.Config) {
			c.Endpoints, c.RunnerSocketURL = providers.Strings{"tcp://a:1"}, providers.Strings{"tcp://b:1"}
		}, []string{"runner_socket_url"}},
		"empty":            {func(c *zeromq.Config) { c.RunnerSocketURL = providers.Strings{} }, []string{"endpoints"}},
		"several mistakes": {func(c *zeromq.Config) { c.Socket, c.Password = "", providers.NewSecret("x") }, []string{"endpoints", "socket", "password"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connection(t, c.set).Open(environment())
			if got := keysOf(err); !slices.Equal(got, c.keys) {
				t.Errorf("the keys %q are named; want %q: %v", got, c.keys, err)
			}
			if err != nil && strings.Contains(err.Error(), long) {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

func keysOf(err error) (keys []string) {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		if wrong, ok := errors.AsType[*providers.ConfigError](err); ok {
			keys = append(keys, wrong.Key)
		}
	}
	return keys
}

func TestAddresses(t *testing.T) {
	for endpoint, want := range map[string]string{
		"tcp://localhost:5555": "tcp://localhost:5555",
		"tcp://[::1]:5555":     "tcp://[::1]:5555",
		"ipc:///run/s":         "ipc:///run/s",
		"ipc://@abstract":      "ipc://@abstract",
		"nonsense":             "invalid endpoint",
	} {
		conn := connection(t, to(endpoint))
		if _, err := conn.Open(environment()); conn.Address != want || err != nil && endpoint != "nonsense" {
			t.Errorf("%s: address %s, %v; want %s", endpoint, conn.Address, err, want)
		}
	}
	bound := connection(t, func(c *zeromq.Config) { to("tcp://*:5556")(c); c.Socket, c.Bind = "pub", true })
	if _, err := bound.Open(environment()); err != nil || bound.Address != "tcp://:5556" {
		t.Errorf("address %s, %v", bound.Address, err)
	}
}

func TestEachEndpointIsADestination(t *testing.T) {
	listed := func(c *zeromq.Config) { c.Endpoints = providers.Strings{"tcp://a:1", "ipc:///b"} }
	runners := func(c *zeromq.Config) { c.RunnerSocketURL = providers.Strings{"tcp://a:1", "tcp://b:1"} }
	for name, c := range map[string]struct {
		set      configure
		variable string
		want     []string
		format   string
	}{
		"list":                  {listed, "", []string{"tcp://a:1", "ipc:///b"}, ""},
		"list, and variable":    {listed, "tcp://env:1", []string{"tcp://a:1", "ipc:///b"}, ""},
		"runner's":              {runners, "", []string{"tcp://a:1", "tcp://b:1"}, "raw"},
		"runner's and variable": {runners, "tcp://env:1", []string{"tcp://env:1"}, "raw"},
		"variable":              {func(*zeromq.Config) {}, "tcp://env:1", []string{"tcp://env:1"}, "raw"},
	} {
		t.Setenv("RUNNER_SOCKET_URL", c.variable)
		conns, err := zeromq.Provider().Configure(c.set)
		var got []string
		for _, conn := range conns {
			got = append(got, conn.Address)
			if _, err := conn.Open(environment()); err != nil || conn.Caps.Format != c.format {
				t.Errorf("%s: format %q, %v", name, conn.Caps.Format, err)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestWhatIsAcknowledged(t *testing.T) {
	for _, c := range []struct {
		socket  string
		confirm bool
		want    bool
	}{{"push", true, true}, {"push", false, false}, {"pub", true, false}, {"pub", false, false}} {
		conn := connection(t, func(config *zeromq.Config) { config.Socket, config.Confirm = c.socket, c.confirm })
		if conn.Caps.Acked != c.want || conn.Caps.Order != providers.Full {
			t.Errorf("%+v: %+v", c, conn.Caps)
		}
	}
}
