package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guarded lets requests pass that may put events. A page in a browser may not, wherever it comes from: it says so in
// Origin, and has a name of its own in Host if it made that name lead here.
func (s *Server) guarded(next func(http.ResponseWriter, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if no := s.forbidden(r); no != nil {
			if no.status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="evhub"`)
			}
			s.fail(w, r, no)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			s.fail(w, r, refusal(http.StatusMethodNotAllowed, "POST is the method here, not %.20q", r.Method))
			return
		}
		next(w, r)
	})
}

// forbidden says why r may not put events; nil if it may.
func (s *Server) forbidden(r *http.Request) *requestError {
	switch {
	case r.Header.Get("Origin") != "":
		return refusal(http.StatusForbidden, "requests of web pages (with an Origin header) are not taken")
	case overUnix(r):
		return nil
	case s.token != nil:
		return s.checkToken(r)
	case !loopbackHost(r.Host):
		return refusal(http.StatusForbidden, "the Host header must name this machine (localhost, 127.0.0.1 or [::1]) where no token is needed")
	}
	return nil
}

func (s *Server) checkToken(r *http.Request) *requestError {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	if subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 && strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return refusal(http.StatusUnauthorized, "the header Authorization: Bearer TOKEN is missing, or the token is wrong")
}

func overUnix(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix"
}

// loopbackHost reports whether host, with or without a port, is a name of the loopback interface.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
