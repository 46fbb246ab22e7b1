package http

import (
	"errors"
	"net/http"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	URL         string                      `yaml:"url" doc:"Where to send events: an http or https URL, or the path of a unix socket (starting with / or .)."`
	Path        string                      `yaml:"path" doc:"Path and query of the request when url is a unix socket."`
	Method      string                      `yaml:"method" doc:"Request method: POST, PUT or PATCH."`
	Headers     map[string]providers.Secret `yaml:"headers" doc:"Headers to add to each request. They win over evhub's own."`
	Username    string                      `yaml:"username" doc:"User name for Basic authentication, sent as UTF-8."`
	Password    providers.Secret            `yaml:"password" doc:"Password for Basic authentication."`
	Token       providers.Secret            `yaml:"token" doc:"Token for Bearer authentication."`
	HMAC        HMAC                        `yaml:"hmac" doc:"Signs each body with a secret that the receiver has too, as GitHub and Event-Driven Ansible do."`
	TLS         providers.TLS               `yaml:"tls" doc:"How to verify an https endpoint, and a client certificate to show it."`
	Proxy       providers.Secret            `yaml:"proxy" doc:"URL of a proxy, or env for HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment. Empty: no proxy."`
	Concurrency int                         `yaml:"concurrency" doc:"Requests in flight at once with delivery order none; every other order has one."`
	Batch       string                      `yaml:"batch" doc:"none: a request for each event. array or ndjson: requests of up to delivery.batch events, as a JSON array or one on each line; a refused one is sent again in halves to find the events that are at fault."`
	BatchBytes  providers.Size              `yaml:"batch_bytes" doc:"Most bytes of events in one request, as the backlog counts them; an event that is larger goes alone."`
	Outputs     Outputs                     `yaml:"outputs" doc:"Body of the request, as names with a value each: $.message.state is that field of the formatted event, $ all of it, anything else a constant ($$ for a text that starts with a dollar sign). A field that is not there is null. A list of such mappings keeps the order of names."`

	RunnerURL     *string                     `yaml:"runner_http_url" doc:"As url, under the name it has in ansible-runner-http. With any of the runner_http_ names RUNNER_HTTP_URL and RUNNER_HTTP_PATH of the environment win over the file, and format is raw unless given. Requests are those of the plugin but for the headers of its library and evhub's own (Idempotency-Key, ce-). A socket is told by the form of its path, there or not."`
	RunnerPath    *string                     `yaml:"runner_http_path" doc:"As path, under its name in ansible-runner-http; without meaning for a URL, as there."`
	RunnerHeaders map[string]providers.Secret `yaml:"runner_http_headers" doc:"As headers, under its name in ansible-runner-http."`

	// urlFromEnv: RUNNER_HTTP_URL has won.
	urlFromEnv bool
}

func defaultConfig() Config {
	return Config{
		Method: http.MethodPost, Concurrency: 8, HMAC: defaultHMAC(), Batch: string(noBatch), BatchBytes: providers.MiB,
	}
}

// client checks the whole configuration and returns all mistakes at once.
func (c Config) client(env providers.Env) (*client, error) {
	endpoint, urlErr := c.endpoint()
	headers, headersErr := c.fixedHeaders()
	proxy, proxyErr := c.proxy()
	signer, hmacErr := c.HMAC.signer(headers)
	mapping, outputsErr := c.Outputs.compile()
	err := errors.Join(urlErr, headersErr, proxyErr, hmacErr, outputsErr,
		c.checkMethod(), c.checkConcurrency(), c.checkTLS(endpoint), c.checkBatch(), c.checkBatchBytes(), c.checkFormat(env.Format))
	if err != nil {
		return nil, err
	}
	secrets := c.secrets(headers, endpoint)
	if len(headers["User-Agent"]) == 0 {
		headers.Set("User-Agent", userAgent())
	}
	return &client{
		endpoint: endpoint,
		method:   c.Method,
		headers:  headers,
		secrets:  secrets,
		signer:   signer,
		outputs:  mapping,
		batch:    batchForm(c.Batch),
		tls:      c.TLS,
		proxy:    proxy,
		lanes:    c.lanes(env.Order),
		ordered:  env.Order != providers.OrderNone,
		timeout:  env.Timeout,
	}, nil
}

func (c Config) lanes(order providers.Ordering) int {
	if order == providers.OrderNone {
		return c.Concurrency
	}
	return 1
}

func (c Config) checkMethod() error {
	switch c.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return nil
	}
	return providers.Invalid("method", "%q carries no event; use POST, PUT or PATCH", c.Method)
}

func (c Config) checkConcurrency() error {
	if c.Concurrency < 1 || c.Concurrency > 256 {
		return providers.Invalid("concurrency", "%d is out of range; give 1 to 256", c.Concurrency)
	}
	return nil
}

func (c Config) checkTLS(e endpoint) error {
	if e.url != nil && e.url.Scheme != "https" && c.TLS != (providers.TLS{}) {
		return providers.Invalid("tls", "the url is not https, so nothing would be encrypted; write https:// or remove tls")
	}
	return c.TLS.Check("tls")
}

func (c Config) checkBatch() error {
	switch batchForm(c.Batch) {
	case noBatch, arrayBatch, lineBatch:
		return nil
	}
	return providers.Invalid("batch", "no batch %q; there are none, array, ndjson", c.Batch)
}

func (c Config) checkBatchBytes() error {
	if c.BatchBytes < 1 || c.BatchBytes > providers.GiB {
		return providers.Invalid("batch_bytes", "%v is out of range; give 1B to 1GiB", c.BatchBytes)
	}
	return nil
}

// checkFormat refuses what needs JSON where the bodies are something else.
func (c Config) checkFormat(format string) error {
	switch {
	case format != "msgpack":
		return nil
	case batchForm(c.Batch) != noBatch:
		return providers.Invalid("batch", "a batch is made of JSON, and format is msgpack; choose another format, or batch: none")
	case len(c.Outputs) > 0:
		return providers.Invalid("outputs", "are made of JSON, and format is msgpack; choose another format")
	}
	return nil
}
