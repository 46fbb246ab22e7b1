package evbus

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

// Config is everything that may change about a destination while its identity and backlog stay.
type Config struct {
	Connection providers.Connection
	Options    Options
	// Dial is what Connection.Open returned.
	Dial providers.Dial
}

// Destination drives one connection: its backlog, a sender that also dials, and a settler for each session. What
// happens to it changes nothing for another one.
type Destination struct {
	name   string
	number uint32
	log    Log
	hooks  *Hooks
	logger *slog.Logger
	dead   deadLetters

	config   atomic.Pointer[settings]
	draining atomic.Bool
	changed  chan struct{} // 1: the configuration is a new one
	wake     chan struct{} // 1: something may be in the log
	// unblocked, 1: something that was refused, and had no dead letter, is dropped.
	unblocked chan struct{}
	stop      context.CancelFunc
	stopped   chan struct{}

	backlog backlog
	watches watches
	status  status

	reading sync.Mutex // one reader of the log at a time
	fresh   []*Record  // memory for what is read, guarded by reading
	again   again
}

// settings is a Config with what follows from it.
type settings struct {
	Config
	format   Format
	batch    int
	window   int
	maxBytes int64
	// current ends when other settings are in force.
	current context.Context
	replace context.CancelFunc
}

// NewDestination returns a destination that is not started. name is its identity, number stands for it in the log.
// It begins where the log says that it stands, with the dead letters that are in letters.
func NewDestination(name string, number uint32, c Config, log Log, letters Letters, hooks *Hooks, logger *slog.Logger) *Destination {
	d := &Destination{
		name: name, number: number, log: log, hooks: hooks, logger: logger.With("destination", name),
		changed: make(chan struct{}, 1), wake: make(chan struct{}, 1), unblocked: make(chan struct{}, 1),
		dead: deadLetters{Letters: letters},
	}
	d.backlog.begin(log.Standing(number))
	d.status.init()
	d.apply(c)
	return d
}

// Name returns the destination's identity.
func (d *Destination) Name() string { return d.name }

// Number returns what stands for the destination in the log.
func (d *Destination) Number() uint32 { return d.number }

// Config returns the configuration in force.
func (d *Destination) Config() Config { return d.config.Load().Config }

// Start begins to deliver; a destination that was stopped goes on where it was. Start, Stop and
// Stopped are not for concurrent use.
func (d *Destination) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	d.stop, d.stopped = cancel, make(chan struct{})
	go d.run(ctx)
}

// Stop ends the delivery at once and waits until it has ended, or for ctx. What is not settled stays in the backlog.
// To stop twice, or what was never started, does nothing.
func (d *Destination) Stop(ctx context.Context) error {
	if d.stop == nil {
		return nil
	}
	d.stop()
	select {
	case <-d.stopped:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stopped returns a channel that is closed when the delivery has ended; the next Start makes another one.
func (d *Destination) Stopped() <-chan struct{} { return d.stopped }

// Configure puts c in force: a dial that runs is given up, a session in use ends when what is in the air has settled,
// and the next one is dialled with c. The backlog stays.
func (d *Destination) Configure(c Config) {
	d.apply(c)
	signal(d.changed)
}

func (d *Destination) apply(c Config) {
	format, _ := FormatNamed(c.Options.Format)
	s := &settings{Config: c, format: format}
	s.batch, s.window, s.maxBytes = c.Options.Delivery.limits(c.Connection.Caps)
	s.current, s.replace = context.WithCancel(context.Background())
	if old := d.config.Swap(s); old != nil {
		old.replace()
	}
	d.backlog.setLimit(int64(c.Options.Delivery.Backlog))
	d.dead.limit.Store(int64(c.Options.Delivery.DeadLetters))
}

// Flushed returns a channel that is closed once everything accepted so far is delivered, dropped or a dead letter;
// nil if it is already.
func (d *Destination) Flushed() <-chan struct{} { return d.backlog.flushed() }

// Remaining returns how many accepted events are not settled.
func (d *Destination) Remaining() int {
	events, _, _ := d.backlog.counts()
	return events
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
