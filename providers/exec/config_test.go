//go:build unix

package exec_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/exec"
)

func TestWrongKeysAreNamed(t *testing.T) {
	secret := providers.NewSecret("c4n4ry")
	for name, x := range map[string]struct {
		set  configure
		keys []string
	}{
		"fine":            {func(c *execConfig) { c.Window = 10_000; c.Grace = 0 }, nil},
		"no command":      {func(c *execConfig) { c.Command = nil }, []string{"command"}},
		"empty command":   {func(c *execConfig) { c.Command = []string{""} }, []string{"command"}},
		"NUL":             {func(c *execConfig) { c.Command = []string{"a", "b\x00"} }, []string{"command"}},
		"NUL in dir":      {func(c *execConfig) { c.Dir = "\x00" }, []string{"command"}},
		"variable":        {func(c *execConfig) { c.Env = map[string]providers.Secret{"A=B": secret} }, []string{"env"}},
		"no variable":     {func(c *execConfig) { c.Env = map[string]providers.Secret{"": secret} }, []string{"env"}},
		"NUL in variable": {func(c *execConfig) { c.Env = map[string]providers.Secret{"A": providers.NewSecret("\x00")} }, []string{"env"}},
		"passed":          {func(c *execConfig) { c.PassEnv = providers.Strings{"A=B"} }, []string{"pass_env"}},
		"twice": {func(c *execConfig) {
			c.Env, c.PassEnv = map[string]providers.Secret{"A": secret}, providers.Strings{"A"}
		}, []string{"pass_env"}},
		"no window":        {func(c *execConfig) { c.Window = 0 }, []string{"window"}},
		"large window":     {func(c *execConfig) { c.Window = 10_001 }, []string{"window"}},
		"negative grace":   {func(c *execConfig) { c.Grace = -time.Second }, []string{"grace"}},
		"several mistakes": {func(c *execConfig) { c.Command, c.Window = nil, -1 }, []string{"command", "window"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connection(t, func(c *execConfig) {
				c.Command = []string{"cat"}
				x.set(c)
			}).Open((&log{}).env())
			if got := keysOf(err); !slices.Equal(got, x.keys) {
				t.Errorf("the keys %q are named; want %q: %v", got, x.keys, err)
			}
			if err != nil && strings.Contains(err.Error(), "c4n4ry") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

func TestAddressIsTheCommand(t *testing.T) {
	for want, command := range map[string][]string{
		"python3 plugin.py":             {"python3", "plugin.py"},
		"a%0Ab":                         {"a\nb"},
		strings.Repeat("é", 60) + "...": {strings.Repeat("é", 70)},
	} {
		if got := connection(t, func(c *execConfig) { c.Command = command }).Address; got != want {
			t.Errorf("address %q, want %q", got, want)
		}
	}
}

func TestOrderIsWhatTheWindowLeaves(t *testing.T) {
	for window, want := range map[int]providers.Order{1: providers.Full, 2: providers.Suffix} {
		if got := connection(t, func(c *execConfig) { c.Window = window }).Caps; got.Order != want || !got.Acked || got.BatchMessages < window {
			t.Errorf("window %d: %+v", window, got)
		}
	}
}

func TestForbidden(t *testing.T) {
	conns, err := exec.Forbidden("ask for it").Configure(configure(func(c *execConfig) { c.Command = []string{"cat"} }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = conns[0].Open((&log{}).env())
	if !slices.Equal(keysOf(err), []string{"command"}) || !strings.Contains(err.Error(), "ask for it") || conns[0].Provider != "exec" {
		t.Errorf("%s: %v", conns[0].Provider, err)
	}
}
