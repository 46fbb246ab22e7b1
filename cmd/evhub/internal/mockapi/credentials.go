package mockapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// authorized reports whether r has the credentials that are wanted.
func (s *Server) authorized(r *http.Request) bool {
	if s.options.Username == "" && s.options.Password == "" {
		return true
	}
	username, password, ok := r.BasicAuth()
	user, pass := same(username, s.options.Username), same(password, s.options.Password)
	return ok && user && pass
}

// same reports whether given is want, in UTF-8, as RFC 7617 has it, or in Latin-1, as Python's requests sends it. The
// time that it takes tells nothing of want.
func same(given, want string) bool {
	utf8 := equal([]byte(given), []byte(want))
	latin1, expressible := toLatin1(want)
	return utf8 || expressible && equal([]byte(given), latin1)
}

func equal(a, b []byte) bool {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// toLatin1 encodes text in Latin-1, if that has all of its characters.
func toLatin1(text string) (encoded []byte, ok bool) {
	for _, r := range text {
		if r > 0xff {
			return nil, false
		}
		encoded = append(encoded, byte(r))
	}
	return encoded, true
}
