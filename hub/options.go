package hub

import (
	"log/slog"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/profiles"
	"github.com/evhub/evhub/providers"
)

// Option changes how a hub is opened.
type Option func(*config)

type config struct {
	providers []providers.Provider
	matchers  map[string]profiles.Compile
	runName   string
	maxEvent  int
	format    string
	strict    bool
	hooks     Hooks
	errors    bool // fire error events
	logger    *slog.Logger

	journal        string // its directory; empty for none
	journalOptions JournalOptions
	journalFS      disk.FS // nil but in tests
}

// DefaultRunName is the run name of a hub that is given none, as in Idem.
const DefaultRunName = "cli"

func newConfig(opts []Option) *config {
	c := &config{
		runName:  DefaultRunName,
		logger:   slog.Default(),
		matchers: map[string]profiles.Compile{"glob": profiles.Glob, "regex": profiles.Regex},
	}
	for _, o := range opts {
		o(c)
	}
	return c
}

// WithProviders adds providers, whose names and aliases become top-level keys of the acct file. Of two with the same
// name the later one counts.
func WithProviders(ps ...providers.Provider) Option {
	return func(c *config) { c.providers = append(c.providers, ps...) }
}

// WithMatcher adds a match plugin: `match_plugin: name` in the acct file has every pattern compiled by compile.
func WithMatcher(name string, compile func(pattern string) (profiles.Matcher, error)) Option {
	return func(c *config) { c.matchers[name] = compile }
}

// WithRunName sets the run name of events that have none. The default is "cli".
func WithRunName(name string) Option { return func(c *config) { c.runName = name } }

// WithLogger sets where the hub logs. The default is slog.Default.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithStrict makes Put return ErrNoRoute for an event that no destination wants, by its profile or its filter.
func WithStrict() Option { return func(c *config) { c.strict = true } }

// WithHooks has functions called as events move.
func WithHooks(h Hooks) Option { return func(c *config) { c.hooks = h } }

// WithMaxEvent sets the largest event, encoded tags and body together, in bytes. The default is 1 MiB. With a
// journal of limited size it is at most a quarter of that.
func WithMaxEvent(bytes int) Option { return func(c *config) { c.maxEvent = bytes } }

// WithFormat gives every destination this format, one of FormatNames or json, whatever the acct file says. "" changes nothing.
func WithFormat(name string) Option { return func(c *config) { c.format = name } }

// FormatNames returns the names of the formats that there are, the default first.
func FormatNames() []string { return evbus.FormatNames() }

// CheckFormat says why there is no format of that name. "json", as Idem calls it, is a name of "idem".
func CheckFormat(name string) error { return evbus.CheckFormat(name) }

// JournalOptions change how a journal is kept. The zero value is right for most.
type JournalOptions struct {
	// MaxBytes is the most disk that the log may take; 0 means as much as there is. When it is reached, Put waits
	// and PutNowait fails until deliveries have made room. At least 256 KiB; an event may take a quarter of it.
	MaxBytes int64
	// SegmentBytes is the size of one file of the log; 0 means 64 MiB.
	SegmentBytes int64
}

// WithJournal keeps accepted events in a journal in dir, which is made if it is not there: what Put took survives the
// end of the process, kill -9 and power cuts. One hub at a time: a second gets ErrLocked. Without this option events
// live as long as the process.
func WithJournal(dir string, o JournalOptions) Option {
	return func(c *config) { c.journal, c.journalOptions = dir, o }
}
