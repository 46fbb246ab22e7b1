package hub

import (
	"errors"
	"strings"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/profiles"
	"github.com/evhub/evhub/providers"
)

// mistakes gathers what is wrong with one entry of the acct file, each once.
type mistakes struct {
	entry acct.Entry
	errs  []error
	texts map[string]bool
	// unread are the keys that could not be decoded: what a check says of them follows from that.
	unread []string
	// misspelt are the places of keys that nobody knows: what a check misses there may be meant by them.
	misspelt []string
}

// decoding adds the mistakes that decoding found.
func (m *mistakes) decoding(err error) {
	for _, one := range flat(err) {
		if at, ok := errors.AsType[*acct.Error](one); ok {
			if errors.Is(one, acct.ErrUnknownKey) {
				m.misspelt = append(m.misspelt, above(at.Key))
			} else {
				m.unread = append(m.unread, at.Key)
			}
		}
		m.add(one)
	}
}

// checking adds the mistakes that a check of the decoded configuration found: *providers.ConfigErrors, which get
// their line in the file.
func (m *mistakes) checking(err error) {
	for _, one := range flat(err) {
		key, cause := "", one
		if at, ok := errors.AsType[*providers.ConfigError](one); ok {
			key, cause = at.Key, at.Err
		}
		if placed := m.entry.ErrorAt(key, cause); !m.follows(placed.Key) {
			m.add(placed)
		}
	}
}

// follows reports whether what a check says of key may follow from a mistake that is told already.
func (m *mistakes) follows(key string) bool {
	for _, place := range m.misspelt {
		if key == place || above(key) == place {
			return true
		}
	}
	for _, unread := range m.unread {
		if key == unread || strings.HasPrefix(unread, key+".") || strings.HasPrefix(key, unread+".") {
			return true
		}
	}
	return false
}

// above returns the path of the key that key stands below.
func above(key string) string { return key[:max(0, strings.LastIndexByte(key, '.'))] }

func (m *mistakes) add(err error) {
	if m.texts == nil {
		m.texts = map[string]bool{}
	}
	if text := err.Error(); !m.texts[text] {
		m.texts[text] = true
		m.errs = append(m.errs, err)
	}
}

// flat returns the errors that are joined in err.
func flat(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error }) // what errors.Join has made
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, flat(one)...)
	}
	return all
}

// placedPatterns gives each *profiles.PatternError in err its line in the file.
func placedPatterns(origins []acct.Entry, err error) error {
	var errs []error
	for _, one := range flat(err) {
		if at, ok := errors.AsType[*profiles.PatternError](one); ok {
			one = origins[at.Index].ErrorAt("", one)
		}
		errs = append(errs, one)
	}
	return errors.Join(errs...)
}
