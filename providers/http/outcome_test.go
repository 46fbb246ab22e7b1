package http_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

func TestStatusDecidesTheOutcome(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "/200")
		}
		w.WriteHeader(status)
	})
	for want, statuses := range map[string][]int{
		"delivered": {200, 201, 202, 204, 206, 299},
		"permanent": {400, 406, 413, 414, 415, 422, 431},
		"unknown": {
			300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 407, 408, 409, 410, 411, 412, 417, 421, 423,
			425, 426, 428, 429, 451, 499, 500, 501, 502, 503, 504, 507, 511, 599, 999,
		},
	} {
		for _, status := range statuses {
			t.Run(fmt.Sprint(status), func(t *testing.T) {
				s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
					c.URL = fmt.Sprintf("%s/%d", server.URL, status)
				})
				err := deliver(t, s, messages(1)...)[0]
				if got := class(err); got != want {
					t.Errorf("%d is %s, want %s (%v)", status, got, want, err)
				}
				if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("%s/%d: %d", server.URL, status, status)) {
					t.Errorf("the error does not say where and what: %v", err)
				}
			})
		}
	}
}

func TestRetryAfterIsPassedOn(t *testing.T) {
	date := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	in := func(d time.Duration) string { return date.Add(d).Format(http.TimeFormat) }
	for name, tc := range map[string]struct {
		status int
		value  string
		want   string
	}{
		"seconds":       {429, "7", "unknown after 7s"},
		"date":          {503, in(90 * time.Second), "unknown after 1m30s"},
		"past date":     {503, in(-time.Minute), "unknown"},
		"capped":        {503, "999999", "unknown after 1h0m0s"},
		"capped date":   {503, in(1e6 * time.Hour), "unknown after 1h0m0s"},
		"too large":     {503, "99999999999999999999", "unknown"},
		"negative":      {503, "-5", "unknown"},
		"garbage":       {503, "soon", "unknown"},
		"zero":          {503, "0", "unknown"},
		"any retryable": {404, "2", "unknown after 2s"},
		"permanent":     {413, "2", "permanent"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", in(0))
				w.Header().Set("Retry-After", tc.value)
				w.WriteHeader(tc.status)
			})
			s := connect(t, environment(providers.OrderKey), to(server))
			if got := class(deliver(t, s, messages(1)...)[0]); got != tc.want {
				t.Errorf("%d with Retry-After %q is %q, want %q", tc.status, tc.value, got, tc.want)
			}
		})
	}
}

func TestRefusalIsQuotedSafely(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "bad\r\n\x1b[31m %s %s %s", r.Header.Get("Authorization"), r.URL.RawQuery, strings.Repeat("€", 1000))
	})
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL, c.Token = server.URL+"/in?key=hunter2", providers.NewSecret("s3cr3t-token")
	})
	err := deliver(t, s, messages(1)...)[0]
	text := fmt.Sprint(err)
	for _, secret := range []string{"s3cr3t", "hunter2", "\r", "\n", "\x1b"} {
		if strings.Contains(text, secret) {
			t.Errorf("the error holds %q: %s", secret, text)
		}
	}
	if !strings.Contains(text, `403 Forbidden: "bad\r\n\x1b[31m [secret] [secret] €`) || !strings.HasSuffix(text, `€"...`) || len(text) > 350 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

func TestRedirectIsNamedAndNotFollowed(t *testing.T) {
	target := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL+"/new?key=hunter2", http.StatusTemporaryRedirect)
	})
	s := connect(t, environment(providers.OrderKey), to(server))
	err := deliver(t, s, messages(1)...)[0]
	if class(err) != "unknown" || !strings.Contains(err.Error(), target.URL+"/new") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("outcome %v", err)
	}
}

// TestAnswerIsReadWithinBounds has servers whose answers never end or come too late.
func TestAnswerIsReadWithinBounds(t *testing.T) {
	endless := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 32<<10)); err != nil {
					return
				}
			}
		}
	}
	hang := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice a lost connection
			if status != 0 {
				w.WriteHeader(status)
				_, _ = w.Write([]byte("half"))
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
		}
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"endless body of a success": {endless(200), "delivered"},
		"endless body of a refusal": {endless(400), "permanent"},
		"endless body of a failure": {endless(500), "unknown"},
		"no header":                 {hang(0), "unknown"},
		"hanging body of a success": {hang(200), "delivered"},
		"hanging body of a refusal": {hang(422), "permanent"},
		"hanging body of a failure": {hang(503), "unknown"},
		"giant header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Giant", strings.Repeat("x", 1<<20))
		}, "unknown"},
		"informational answers without end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				w.WriteHeader(http.StatusEarlyHints)
			}
		}, "unknown"},
		"broken off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, tc.handler)
			env := environment(providers.OrderKey)
			env.Timeout = 500 * time.Millisecond
			s := connect(t, env, to(server))
			start := time.Now()
			if got := class(deliver(t, s, messages(1)...)[0]); got != tc.want {
				t.Errorf("outcome %s, want %s", got, tc.want)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}
