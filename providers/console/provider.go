// Package console prints events to standard output or standard error.
//
// An event is delivered when it is written. What an event contains cannot control the terminal: every character that
// is not printable is shown as an escape, which in JSON means the same.
package console

import (
	"context"
	"io"
	"os"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/internal/lane"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	Stream string `yaml:"stream" doc:"Where to print: stdout or stderr."`
	Style  string `yaml:"style" doc:"json: the body on one line, as a JSON string where it is no JSON. pretty: time, profile and the indented body, in colours on a terminal unless NO_COLOR is set."`
}

// The values of Config.
const (
	Stdout = "stdout"
	Stderr = "stderr"
	JSON   = "json"
	Pretty = "pretty"
)

// Provider returns the provider "console", which prints to the process's standard streams.
func Provider() providers.Provider {
	return define(map[string]*output{Stdout: newOutput(os.Stdout), Stderr: newOutput(os.Stderr)})
}

// ProviderTo returns a provider "console" that prints to w, whichever stream is configured. Writes to w never overlap. Only if w
// is an *os.File that is a terminal are there colours.
func ProviderTo(w io.Writer) providers.Provider {
	out := newOutput(w)
	return define(map[string]*output{Stdout: out, Stderr: out})
}

func define(outputs map[string]*output) providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "console",
		Doc:     "Prints each event to standard output or standard error; written means delivered.",
		Default: func() Config { return Config{Stream: Stdout, Style: JSON} },
		Caps:    func(Config) providers.Caps { return providers.Caps{Order: providers.Full} },
		Address: func(c Config) string { return c.Stream },
		Open: func(c Config, _ providers.Env) (providers.Dial, error) {
			out, ok := outputs[c.Stream]
			if !ok {
				return nil, providers.Invalid("stream", "%q is neither stdout nor stderr", c.Stream)
			}
			if c.Style != JSON && c.Style != Pretty {
				return nil, providers.Invalid("style", "%q is neither json nor pretty", c.Style)
			}
			return func(context.Context) (providers.Session, error) {
				return lane.New(&printer{output: out, pretty: c.Style == Pretty}, 0), nil
			}, nil
		},
	})
}
