package exec

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	Command []string                    `yaml:"command" doc:"The program and its arguments, as a list; no shell reads it. A name without a slash is looked up in PATH. It appears in logs: secrets belong in env."`
	Dir     string                      `yaml:"dir" doc:"Folder to run it in. Empty: evhub's own."`
	Env     map[string]providers.Secret `yaml:"env" doc:"Its environment, beside PATH."`
	PassEnv providers.Strings           `yaml:"pass_env" doc:"Names of variables that it gets from evhub's own environment."`
	Window  int                         `yaml:"window" doc:"How many events it may have without an answer. More is faster; but if it fails one of them, it may have delivered later ones."`
	Grace   time.Duration               `yaml:"grace" doc:"How long it may take to end once its standard input has; then it is killed, with all that it has started."`
}

func (c Config) check() error {
	var errs []error
	refuse := func(key, format string, args ...any) { errs = append(errs, providers.Invalid(key, format, args...)) }
	if len(c.Command) == 0 || c.Command[0] == "" {
		refuse("command", "needs a program, such as [python3, plugin.py]")
	}
	for _, word := range append([]string{c.Dir}, c.Command...) {
		if strings.ContainsRune(word, 0) {
			refuse("command", "or dir has a NUL character in it")
			break
		}
	}
	for name, value := range c.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value.Reveal(), 0) {
			refuse("env", "%q is no name of a variable, or its value has a NUL character in it", name)
		}
	}
	for _, name := range c.PassEnv {
		if _, twice := c.Env[name]; twice || name == "" || strings.ContainsAny(name, "=\x00") {
			refuse("pass_env", "%q is no name of a variable, or env has it too", name)
		}
	}
	if c.Window < 1 || c.Window > maxWindow {
		refuse("window", "must be from 1 to %d", maxWindow)
	}
	if c.Grace < 0 {
		refuse("grace", "must not be negative")
	}
	return errors.Join(errs...)
}

// maxWindow bounds what is lost from sight when a program dies.
const maxWindow = 10_000

// environ is the environment of the program.
func (c Config) environ() []string {
	var env []string
	for _, name := range append([]string{"PATH", "SYSTEMROOT"}, c.PassEnv...) { // Windows does little without the second
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range c.Env { // the last one of a name counts
		env = append(env, name+"="+value.Reveal())
	}
	return env
}

// address is the command, shortened.
func (c Config) address() string {
	const most = 120
	return shorten(providers.Visible(strings.Join(c.Command, " ")), most)
}

// shorten cuts text to at most so many bytes, and some for the mark that it was cut.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// shortSecret is the length below which a value of the environment stays in what is quoted: it is a setting such as 1 or
// utf-8, and taking it out would only spoil the text.
const shortSecret = 6

// scrub takes the secrets of the environment out of what the program says.
func (c Config) scrub() *strings.Replacer {
	var values []string
	for _, value := range c.Env {
		for part := range strings.Lines(value.Reveal()) { // one of several lines comes line by line
			if part = strings.TrimSpace(part); len(part) >= shortSecret {
				values = append(values, part)
			}
		}
	}
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) }) // or a part of one would hide the rest
	var pairs []string
	for _, value := range values {
		pairs = append(pairs, value, providers.Secret{}.String())
	}
	return strings.NewReplacer(pairs...)
}
