package evbus

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/evhub/evhub/providers"
)

// Options are the keys that every entry of the acct file has beside its provider's own.
type Options struct {
	Name     string   `yaml:"name" doc:"Identity of the destination that survives a change of address or pattern."`
	Format   string   `yaml:"format" doc:"How the event becomes a body: idem (Idem calls it json), idem-compact, raw, cloudevents or msgpack."`
	Source   string   `yaml:"source" doc:"CloudEvents source, if not /evhub/<run name>."`
	Delivery Delivery `yaml:"delivery" doc:"How events are buffered, batched and retried."`
}

// Delivery says how a destination buffers, batches and retries.
type Delivery struct {
	Backlog     providers.Size     `yaml:"backlog" doc:"Most bytes of accepted events that wait for this destination; 1GiB by default where there is a journal."`
	Memory      providers.Size     `yaml:"memory" doc:"With a journal: how much of what waits is kept in memory; the rest is read back from disk."`
	OnFull      OnFull             `yaml:"on_full" doc:"What a full backlog does: block, drop_oldest or drop_newest."`
	Batch       int                `yaml:"batch" doc:"Most events in one send."`
	Window      int                `yaml:"window" doc:"Most sends in the air at once."`
	Timeout     time.Duration      `yaml:"timeout" doc:"Longest wait for a connection or for one answer."`
	Linger      time.Duration      `yaml:"linger" doc:"How long an event may wait for others to fill its batch while nothing is in the air."`
	Order       providers.Ordering `yaml:"order" doc:"key keeps the order per ordering key; strict excludes even single refusals overtaken by later messages; none trades order for speed."`
	Retry       Retry              `yaml:"retry" doc:"Backoff after a failure."`
	DeadLetters providers.Size     `yaml:"dead_letters" doc:"Most bytes of dead letters that are kept; when they are full the destination stops."`
}

// Retry is the backoff between attempts: exponential from Min to Max, with full jitter.
type Retry struct {
	Min    time.Duration `yaml:"min" doc:"First backoff, before jitter."`
	Max    time.Duration `yaml:"max" doc:"Longest backoff, before jitter."`
	GiveUp GiveUp        `yaml:"give_up" doc:"After how long without success an event becomes a dead letter; never by default."`
}

// OnFull is what happens to an event that finds the backlog full.
type OnFull string

// The policies for a full backlog.
const (
	Block      OnFull = "block"
	DropOldest OnFull = "drop_oldest"
	DropNewest OnFull = "drop_newest"
)

// GiveUp is a duration, or "never" (0).
type GiveUp time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *GiveUp) UnmarshalText(text []byte) error {
	if string(text) == "never" {
		*g = 0
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return errors.New("want never, or a duration such as 24h")
	}
	*g = GiveUp(d)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (g GiveUp) MarshalText() ([]byte, error) {
	if g == 0 {
		return []byte("never"), nil
	}
	return []byte(time.Duration(g).String()), nil
}

// DefaultOptions returns the options of an entry that sets none, for a hub without a journal.
func DefaultOptions() Options {
	return Options{
		Format: DefaultFormat,
		Delivery: Delivery{
			Backlog: 64 * providers.MiB, Memory: 4 * providers.MiB, OnFull: Block, Batch: 500, Window: 4, Timeout: 30 * time.Second,
			Order: providers.OrderKey, DeadLetters: 256 * providers.MiB,
			Retry: Retry{Min: 100 * time.Millisecond, Max: 30 * time.Second},
		},
	}
}

// DefaultBacklogWithJournal is the default of delivery.backlog where a journal keeps it; in memory it is 64 MiB.
const DefaultBacklogWithJournal = providers.GiB

// Check returns a *providers.ConfigError for each option that cannot be, joined.
func (o Options) Check() error {
	var errs []error
	refuse := func(bad bool, key, format string, args ...any) {
		if bad {
			errs = append(errs, providers.Invalid(key, format, args...))
		}
	}
	d := o.Delivery
	if err := CheckFormat(o.Format); err != nil {
		errs = append(errs, providers.Invalid("format", "%v", err))
	}
	refuse(d.OnFull != Block && d.OnFull != DropOldest && d.OnFull != DropNewest,
		"delivery.on_full", "no policy %q; there are block, drop_oldest, drop_newest", d.OnFull)
	refuse(d.Order != providers.OrderKey && d.Order != providers.OrderStrict && d.Order != providers.OrderNone,
		"delivery.order", "no order %q; there are key, strict, none", d.Order)
	refuse(d.Backlog <= 0, "delivery.backlog", "must be more than 0")
	refuse(d.Memory < 0, "delivery.memory", "must not be negative")
	refuse(d.DeadLetters < 0, "delivery.dead_letters", "must not be negative")
	refuse(d.Batch < 1 || d.Batch > 100_000, "delivery.batch", "must be from 1 to 100000")
	refuse(d.Window < 1 || d.Window > 1000, "delivery.window", "must be from 1 to 1000")
	refuse(d.Timeout <= 0, "delivery.timeout", "must be more than 0")
	refuse(d.Linger < 0, "delivery.linger", "must not be negative")
	refuse(d.Retry.Min <= 0, "delivery.retry.min", "must be more than 0")
	refuse(d.Retry.Max < d.Retry.Min, "delivery.retry.max", "must not be less than min (%v)", d.Retry.Min)
	refuse(strings.ContainsFunc(o.Name, unicode.IsControl), "name", "must have no control characters")
	refuse(strings.ContainsFunc(o.Source, unicode.IsControl), "source", "must have no control characters")
	return errors.Join(errs...)
}

// limits returns the batch and window that the session may use, given what the provider can do.
func (d Delivery) limits(caps providers.Caps) (batch, window int, maxBytes int64) {
	batch, window, maxBytes = d.Batch, d.Window, int64(providers.MiB)
	if caps.BatchMessages > 0 {
		batch = min(batch, caps.BatchMessages)
	}
	if caps.Window > 0 {
		window = min(window, caps.Window)
	}
	if caps.BatchBytes > 0 {
		maxBytes = int64(caps.BatchBytes)
	}
	oneByOne := caps.Order == providers.None && d.Order != providers.OrderNone ||
		caps.Order == providers.Suffix && d.Order == providers.OrderStrict
	if oneByOne {
		batch, window = 1, 1
	}
	return batch, window, maxBytes
}

// String describes g as the acct file writes it.
func (g GiveUp) String() string {
	text, _ := g.MarshalText()
	return fmt.Sprint(string(text))
}
