package http

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/evhub/evhub/providers"
)

// endpoint is where requests go.
type endpoint struct {
	url    *url.URL
	socket string // path of a unix socket; empty: TCP
}

// notURL does not repeat what package url says, for that quotes parts: a password taken for a port.
const notURL = "cannot be parsed; look for spaces, control characters, a port that is no number, or a % without two digits"

// endpoint parses url and path. Its errors quote neither, for a URL may hold a password.
func (c Config) endpoint() (endpoint, error) {
	if c.toSocket() {
		return c.unixEndpoint()
	}
	if c.URL == "" {
		return endpoint{}, c.invalidURL("is missing; give an http or https URL, or the path of a unix socket")
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return endpoint{}, c.invalidURL(notURL)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return endpoint{}, c.invalidURL("must start with http:// or https://, or be the path of a unix socket that starts with / or .")
	case u.Hostname() == "":
		return endpoint{}, c.invalidURL("names no host")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > 0x7f }):
		return endpoint{}, c.invalidURL("has a host name beyond ASCII; write it in punycode (xn--...)")
	case u.User != nil:
		return endpoint{}, c.invalidURL("holds a user name; give it in username and password instead, where it stays secret")
	case c.Path != "":
		return endpoint{}, c.invalidPath("belongs to a unix socket; make it part of url")
	}
	u.Fragment, u.RawFragment = "", ""
	return endpoint{url: u}, nil
}

func (c Config) unixEndpoint() (endpoint, error) {
	path := c.Path
	if path == "" {
		path = "/"
	}
	if !strings.HasPrefix(path, "/") {
		return endpoint{}, c.invalidPath("must start with /")
	}
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return endpoint{}, c.invalidPath(notURL)
	}
	u.Scheme, u.Host = "http", "localhost"
	return endpoint{url: u, socket: c.URL}, nil
}

// address names the endpoint without its query, which often holds a key.
func (e endpoint) address() string {
	if e.socket != "" {
		return "unix:" + e.socket + ":" + e.url.EscapedPath()
	}
	return e.url.Scheme + "://" + e.url.Host + withoutTokens(e.url.EscapedPath())
}

// tokenLength is from how many characters on a segment of a path counts as a token, if it has digits and letters.
const tokenLength = 16

// withoutTokens replaces the segments of a path that look like a secret, as in the URLs of chat webhooks, by a part of
// their hash: the address still tells two of them apart.
func withoutTokens(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if isToken(s) {
			segments[i] = fmt.Sprintf("~%x", sha256.Sum256([]byte(s)))[:9]
		}
	}
	return strings.Join(segments, "/")
}

func isToken(segment string) bool {
	return len(segment) >= tokenLength && strings.ContainsAny(segment, "0123456789") && strings.ContainsFunc(segment, unicode.IsLetter)
}

// secrets lists the parts that address leaves out, in every spelling in which the endpoint may repeat them.
func (e endpoint) secrets() []string {
	all := []string{e.url.RawQuery}
	for _, values := range e.url.Query() {
		all = append(all, values...)
	}
	for pair := range strings.SplitSeq(e.url.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		all = append(all, value)
	}
	for segment := range strings.SplitSeq(e.url.EscapedPath(), "/") {
		if isToken(segment) {
			all = append(all, segment)
			if plain, err := url.PathUnescape(segment); err == nil {
				all = append(all, plain)
			}
		}
	}
	return all
}

// hostPort is the address to connect to. An empty port stands for the scheme's.
func (e endpoint) hostPort() string { return net.JoinHostPort(e.url.Hostname(), e.url.Port()) }

// proxy returns the transport's Proxy function; nil means none.
func (c Config) proxy() (func(*http.Request) (*url.URL, error), error) {
	value := c.Proxy.Reveal()
	switch {
	case value == "":
		return nil, nil
	case c.toSocket():
		return nil, providers.Invalid("proxy", "a unix socket is reached without a proxy; remove the key")
	case value == "env":
		return http.ProxyFromEnvironment, nil
	}
	u, err := url.Parse(value)
	if err != nil {
		return nil, providers.Invalid("proxy", "%s", notURL)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, providers.Invalid("proxy", "must be env or an http, https or socks5 URL")
	}
	if u.Hostname() == "" {
		return nil, providers.Invalid("proxy", "names no host")
	}
	return http.ProxyURL(u), nil
}
