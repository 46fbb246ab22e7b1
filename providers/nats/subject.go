package nats

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/evhub/evhub/providers"
)

// subject returns where m goes. A profile that is no subject condemns the event: it is never renamed.
func (d *destination) subject(m *providers.Message) (string, error) {
	if d.config.Subject != "" {
		return d.config.Subject, nil
	}
	err := legalSubject(m.Profile)
	// The server's own subjects: who could publish there by choosing a profile could delete streams or forge answers.
	if strings.HasPrefix(m.Profile, "$") || strings.HasPrefix(m.Profile, "_INBOX.") || strings.HasPrefix(m.Profile, "_R_.") {
		err = errors.New("$..., _INBOX. and _R_. are the server's own")
	}
	if err != nil {
		return "", providers.Permanent(fmt.Errorf("profile %q is no subject to publish to, and the destination names none: %w", m.Profile, err))
	}
	return m.Profile, nil
}

// legalSubject checks that s can be published to.
func legalSubject(s string) error {
	switch {
	case s == "" || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, ".."):
		return errors.New("a subject has no empty part between its dots")
	case strings.ContainsAny(s, "*>"):
		return errors.New("* and > are wildcards, which only subscribers may use")
	case strings.ContainsFunc(s, blank):
		return errors.New("a subject holds neither spaces nor control characters")
	}
	return nil
}

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
