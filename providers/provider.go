package providers

import (
	"log/slog"
	"reflect"
	"time"
)

// Ordering is what the user asks of a destination with `delivery: {order: ...}`.
type Ordering string

const (
	// OrderKey keeps the order per ordering key. The default.
	OrderKey Ordering = "key"
	// OrderStrict also excludes that a broker refuses one message and takes a later one of the same flight.
	OrderStrict Ordering = "strict"
	// OrderNone gives up order for speed.
	OrderNone Ordering = "none"
)

// Env is what the engine gives a connection when it opens it.
type Env struct {
	// Destination is the destination's name, for logs and errors.
	Destination string
	// Logger is for what a user must know and no returned error says. Never nil.
	Logger *slog.Logger
	// Order is the order that the user asked for.
	Order Ordering
	// Timeout is the longest wait for one answer (`delivery: {timeout: ...}`). Positive.
	Timeout time.Duration
	// Format is the name of the format that the bodies will have.
	Format string
}

// Decoder fills a configuration struct from one entry of the acct file. Keys are matched by the `yaml` tags of the
// struct; a key that no field has is an error that names file, line and key. Fields that the entry does not mention
// keep their values.
type Decoder interface {
	Decode(into any) error
}

// Spec describes a provider whose entries are configured by a C, a struct whose fields have `yaml` and `doc` tags:
// the first gives the key, the second a sentence that ends up in the provider's page.
type Spec[C any] struct {
	// Name is the top-level key of the acct file. Aliases are others that mean the same.
	Name    string
	Aliases []string
	// Doc says in a sentence or two what the provider delivers to and what a delivery means.
	Doc string
	// Default returns a configuration with every default filled in. Nil: the zero C.
	Default func() C
	// Caps says what the provider can do when configured like this.
	Caps func(C) Caps
	// Address names where the configuration leads, without secrets. It is part of the destination's identity and
	// appears in logs.
	Address func(C) string
	// Split returns one configuration for each destination of an entry, for entries that name several (topics,
	// endpoints). Nil: one.
	Split func(C) []C
	// Open checks a configuration and returns its Dial. It does no I/O. What is wrong is a *ConfigError, or
	// several joined.
	Open func(C, Env) (Dial, error)
}

// Provider is a Spec whose configuration type is hidden, ready to be given to a hub.
type Provider struct {
	// Name, Aliases and Doc are the Spec's.
	Name    string
	Aliases []string
	Doc     string
	// Default returns the provider's configuration struct (not a pointer) with its defaults.
	Default func() any
	// Configure decodes one entry into connections, one for each destination. Beside an error come the connections of
	// what could be decoded: they are good for nothing but to find more mistakes.
	Configure func(Decoder) ([]Connection, error)
}

// Connection is the configuration of one destination.
type Connection struct {
	// Provider is the provider's name, never an alias.
	Provider string
	// Address is the Spec's Address of Config.
	Address string
	// Caps is the Spec's Caps of Config.
	Caps Caps
	// Config is the configuration struct. Two connections are the same if their Configs are deeply equal.
	Config any
	// Open is the Spec's Open of Config.
	Open func(Env) (Dial, error)
}

// Equal reports whether c and d lead to the same place in the same way, so that a running destination of the one
// can serve as the other.
func (c Connection) Equal(d Connection) bool {
	return c.Provider == d.Provider && reflect.DeepEqual(c.Config, d.Config)
}

// Define turns a Spec into a Provider. It panics if Name, Caps, Address or Open is missing: that is a mistake in
// the provider's source.
func Define[C any](s Spec[C]) Provider {
	if s.Name == "" || s.Caps == nil || s.Address == nil || s.Open == nil {
		panic("providers: Spec " + s.Name + " needs Name, Caps, Address and Open")
	}
	if s.Default == nil {
		s.Default = func() (c C) { return c }
	}
	if s.Split == nil {
		s.Split = func(c C) []C { return []C{c} }
	}
	return Provider{
		Name:    s.Name,
		Aliases: s.Aliases,
		Doc:     s.Doc,
		Default: func() any { return s.Default() },
		Configure: func(d Decoder) ([]Connection, error) {
			c := s.Default()
			err := d.Decode(&c)
			return s.connections(c), err
		},
	}
}

func (s Spec[C]) connections(entry C) []Connection {
	var conns []Connection
	for _, c := range s.Split(entry) {
		conns = append(conns, Connection{
			Provider: s.Name,
			Address:  s.Address(c),
			Caps:     s.Caps(c),
			Config:   c,
			Open:     func(env Env) (Dial, error) { return s.Open(c, env) },
		})
	}
	return conns
}
