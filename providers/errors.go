package providers

import (
	"errors"
	"fmt"
	"time"
)

// An error without any of these marks is an unknown outcome: the message may have arrived, and is sent again.

// Permanent marks err as a refusal of this one event that no retry can change (too large, malformed for this
// receiver, unroutable). The event becomes a dead letter. What is wrong with the destination itself, such as a
// refused login or a missing topic, is never permanent. Permanent(nil) is nil.
func Permanent(err error) error { return mark(err, func(m *marked) { m.permanent = true }) }

// RetryAfter marks err as retryable, not before d has passed. RetryAfter(nil, d) is nil.
func RetryAfter(err error, d time.Duration) error { return mark(err, func(m *marked) { m.after = d }) }

// Unsent marks err as the failure of a message that surely did not reach the broker, so that its retry makes no
// duplicate. Unsent(nil) is nil.
func Unsent(err error) error { return mark(err, func(m *marked) { m.unsent = true }) }

// IsPermanent reports whether err or one that it wraps was marked by Permanent.
func IsPermanent(err error) bool {
	return find(err, func(m *marked) bool { return m.permanent }) != nil
}

// IsUnsent reports whether err or one that it wraps was marked by Unsent.
func IsUnsent(err error) bool { return find(err, func(m *marked) bool { return m.unsent }) != nil }

// RetryDelay returns the least time to wait before a retry that err asks for through RetryAfter, or 0.
func RetryDelay(err error) time.Duration {
	if m := find(err, func(m *marked) bool { return m.after > 0 }); m != nil {
		return m.after
	}
	return 0
}

type marked struct {
	err       error
	permanent bool
	unsent    bool
	after     time.Duration
}

func (m *marked) Error() string { return m.err.Error() }
func (m *marked) Unwrap() error { return m.err }

func mark(err error, set func(*marked)) error {
	if err == nil {
		return nil
	}
	m := &marked{err: err}
	set(m)
	return m
}

func find(err error, want func(*marked) bool) *marked {
	for err != nil {
		var m *marked
		if !errors.As(err, &m) {
			return nil
		}
		if want(m) {
			return m
		}
		err = m.err
	}
	return nil
}

// BatchError gives each message of a flight its own outcome.
type BatchError struct {
	// Errs has one element for each message of the flight, in their order; nil means delivered.
	Errs []error
}

// Batch returns nil if every element of errs is nil, and a *BatchError that holds errs otherwise.
func Batch(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return &BatchError{Errs: errs}
		}
	}
	return nil
}

func (b *BatchError) Error() string {
	failed, first := 0, error(nil)
	for _, err := range b.Errs {
		if err != nil {
			failed++
			if first == nil {
				first = err
			}
		}
	}
	return fmt.Sprintf("%d of %d messages failed; the first: %v", failed, len(b.Errs), first)
}

// Unwrap returns the outcomes that are errors.
func (b *BatchError) Unwrap() []error {
	var errs []error
	for _, err := range b.Errs {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// ConfigError says which key of a configuration is wrong. A Spec's Open returns it (several joined with
// errors.Join) so that the user sees file, line and key.
type ConfigError struct {
	// Key is the path of the key below the entry, such as "connection.sasl_mechanism". Empty: the entry itself.
	Key string
	// Err says what is wrong and what to do.
	Err error
}

// Invalid returns a *ConfigError for key with a formatted message.
func Invalid(key, format string, args ...any) error {
	return &ConfigError{Key: key, Err: fmt.Errorf(format, args...)}
}

func (e *ConfigError) Error() string {
	if e.Key == "" {
		return e.Err.Error()
	}
	return e.Key + ": " + e.Err.Error()
}

func (e *ConfigError) Unwrap() error { return e.Err }
