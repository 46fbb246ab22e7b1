package server

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// asked is what a client wants beside the acceptance of its events.
type asked struct {
	// receipts: the answer comes when the events are settled, or after timeout.
	receipts bool
	timeout  time.Duration
}

// defaultReceiptWait is how long receipts are waited for, unless the client says it.
const defaultReceiptWait = 30 * time.Second

// asked reads the parameters of r. With names, others than these are mistakes.
func (s *Server) asked(r *http.Request, names ...string) (asked, *requestError) {
	a := asked{timeout: defaultReceiptWait}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return a, refusal(http.StatusBadRequest, "the query cannot be read: %w", err)
	}
	for name := range query {
		if len(names) > 0 && !slices.Contains(names, name) {
			return a, refusal(http.StatusBadRequest, "unknown parameter %.40q; there are %s", name, strings.Join(names, ", "))
		}
	}
	if query.Has("wait") {
		text := query.Get("wait")
		if a.receipts, err = strconv.ParseBool(text); err != nil && text != "" {
			return a, refusal(http.StatusBadRequest, "wait must be true or false, not %.40q", text)
		}
		a.receipts = a.receipts || text == ""
	}
	if query.Has("timeout") {
		text := query.Get("timeout")
		a.timeout, err = time.ParseDuration(text)
		if err != nil || a.timeout <= 0 || a.timeout > s.limits.ReceiptWait {
			return a, refusal(http.StatusBadRequest, "timeout must be a duration up to %v, such as 5s, not %.40q", s.limits.ReceiptWait, text)
		}
		if !a.receipts {
			return a, refusal(http.StatusBadRequest, "timeout is about receipts, which come with wait=true")
		}
	}
	return a, nil
}
