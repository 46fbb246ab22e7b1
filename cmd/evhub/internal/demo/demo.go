// Package demo shows on one machine, without any service, what evhub does: it fans the events of Idem out to a NATS
// JetStream server, a webhook, a file and the console, breaks the webhook, lets it come back, and counts at the
// receivers whether anything was lost.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
	"github.com/evhub/evhub/providers/console"
)

// Options say how the show is presented.
type Options struct {
	// Out gets the narrative.
	Out io.Writer
	// Colours paints it.
	Colours bool
	// Pauses gives a person time to read.
	Pauses bool
}

// Run plays the demo and returns what was counted. An error means that it could not be played to its end; whether
// the promises were kept is in Report.OK.
func Run(ctx context.Context, o Options) (Report, error) {
	start := time.Now()
	s := &show{stage: newStage(ctx, o), expected: map[string][]string{}}
	err := s.play(ctx)
	if closeErr := s.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return Report{}, err
	}
	r := s.report()
	r.Seconds = time.Since(start).Seconds()
	s.stage.report(r)
	return r, nil
}

// show is one run of the demo: the hub, and the receivers at the other end of its destinations.
type show struct {
	stage   *stage
	dir     string
	stream  *stream
	webhook *webhook
	printed *printed
	hub     *hub.Hub
	stats   hub.Stats // once the hub is closed

	fileRead [][]byte // what the file held when it was removed

	fired    int
	expected map[string][]string // fingerprints of the events for each destination, in the order of firing
}

func (s *show) play(ctx context.Context) error {
	for _, act := range []func(context.Context) error{s.open, s.oneRun, s.outage, s.recovery} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open starts the receivers, and the hub on an acct file that leads to them.
func (s *show) open(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "evhub-demo-"); err != nil {
		return err
	}
	if s.stream, err = startStream(ctx, s.dir); err != nil {
		return fmt.Errorf("the NATS server: %w", err)
	}
	if s.webhook, err = startWebhook(); err != nil {
		return fmt.Errorf("the webhook: %w", err)
	}
	s.printed = &printed{}
	text := acctText(s.stream.url(), s.webhook.url(), s.dir)
	path, err := writeAcct(s.dir, text)
	if err != nil {
		return err
	}
	file, err := acct.Load(path, acct.Options{Getenv: noEnvironment})
	if err != nil {
		return err
	}
	s.stage.intro(text)
	providers := append(all.Providers(), console.ProviderTo(s.printed))
	s.hub, err = hub.Open(ctx, file, hub.WithProviders(providers...), hub.WithLogger(slog.New(slog.DiscardHandler)))
	return err
}

// noEnvironment keeps the demo's file from what the user has set for files of their own.
func noEnvironment(string) string { return "" }

// closeTimeout bounds the end of a demo that failed.
const closeTimeout = 5 * time.Second

// close ends everything that was started; the receivers' counts stay.
func (s *show) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	if s.hub != nil {
		errs = append(errs, s.hub.Close(ctx))
		s.stats = s.hub.Stats()
	}
	if s.webhook != nil {
		errs = append(errs, s.webhook.stop())
	}
	if s.stream != nil {
		errs = append(errs, s.stream.stop(ctx))
	}
	if s.dir != "" {
		errs = append(errs, s.readFile(), os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}
