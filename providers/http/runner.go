package http

import (
	"errors"
	"strings"

	"github.com/evhub/evhub/providers"
)

// asRunner reports whether the entry speaks of itself as ansible-runner-http does.
func (c Config) asRunner() bool {
	return c.RunnerURL != nil || c.RunnerPath != nil || c.RunnerHeaders != nil
}

// resolve returns c with evhub's names for what stands under those of ansible-runner-http, or in the environment,
// which wins as it does there.
func (c Config) resolve(getenv func(string) string) (Config, error) {
	if !c.asRunner() {
		return c, nil
	}
	err := errors.Join(
		twice(c.RunnerURL != nil && c.URL != "", "runner_http_url", "url"),
		twice(c.RunnerPath != nil && c.Path != "", "runner_http_path", "path"),
		twice(c.RunnerHeaders != nil && c.Headers != nil, "runner_http_headers", "headers"),
	)
	if c.RunnerURL != nil {
		c.URL = *c.RunnerURL
	}
	if c.RunnerPath != nil {
		c.Path = *c.RunnerPath
	}
	if c.RunnerHeaders != nil {
		c.Headers = c.RunnerHeaders
	}
	if url := getenv("RUNNER_HTTP_URL"); url != "" {
		c.URL, c.urlFromEnv = url, true
	}
	if path := getenv("RUNNER_HTTP_PATH"); path != "" {
		c.Path = path
	}
	if !c.toSocket() {
		c.Path = "" // the plugin takes no notice of it
	}
	return c, err
}

func twice(both bool, alias, key string) error {
	if both {
		return providers.Invalid(alias, "means the same as %s; give one of them", key)
	}
	return nil
}

// toSocket reports whether the url is the path of a unix socket. It is told by its form, not by what the file system
// has: a receiver may start later than evhub.
func (c Config) toSocket() bool {
	return strings.HasPrefix(c.URL, "/") || strings.HasPrefix(c.URL, ".")
}

// invalidURL says of the url what is wrong with it, under the name that the user gave it.
func (c Config) invalidURL(what string) error {
	key := "url"
	if c.RunnerURL != nil {
		key = "runner_http_url"
	}
	if c.urlFromEnv {
		what = "RUNNER_HTTP_URL of the environment " + what
	}
	return providers.Invalid(key, "%s", what)
}

// invalidPath is invalidURL for the path.
func (c Config) invalidPath(what string) error {
	if c.asRunner() && c.RunnerPath != nil {
		return providers.Invalid("runner_http_path", "%s", what)
	}
	return providers.Invalid("path", "%s", what)
}

// headersKey is the name that the user gave the headers.
func (c Config) headersKey() string {
	if c.RunnerHeaders != nil {
		return "runner_http_headers"
	}
	return "headers"
}
