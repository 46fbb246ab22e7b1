package providers

import (
	"fmt"
	"log/slog"
)

// redacted stands for a secret wherever one would be printed. It does not tell how long the secret is, nor whether
// it is empty.
const redacted = "[secret]"

// Secret is a configuration value that never prints itself: not with any verb of fmt, in JSON or YAML, nor in slog.
// It is filled through encoding.TextUnmarshaler and read with Reveal. The zero value is the empty secret.
//
// The value stands behind a pointer because fmt calls no methods on unexported fields: a Secret inside one prints
// as an address.
type Secret struct{ value *string }

// NewSecret returns a Secret that holds value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the secret in clear, for the protocol that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// MarshalText implements encoding.TextMarshaler, which serves JSON and YAML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format implements fmt.Formatter for all verbs.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// String returns a placeholder.
func (s Secret) String() string { return redacted }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
