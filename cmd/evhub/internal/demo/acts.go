package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evhub/evhub/hub"
)

const (
	runsInBurst = 20
	patience    = 8 * time.Second // for what takes milliseconds
)

// expect notes that events are about to be fired.
func (s *show) expect(events ...hub.Event) {
	for _, e := range events {
		s.fired++
		for _, d := range destinations {
			if d.wants(e.Profile) {
				s.expected[d.name] = append(s.expected[d.name], fingerprintOf(e))
			}
		}
	}
}

// oneRun fires the events of one run, one by one, and shows for each who has it.
func (s *show) oneRun(ctx context.Context) error {
	s.stage.firstAct()
	for _, e := range idemRun("deploy-1") {
		s.expect(e)
		waiting, cancel := context.WithTimeout(ctx, patience)
		receipt, err := s.hub.PutWait(waiting, e)
		cancel()
		if err != nil {
			return fmt.Errorf("event %s was not delivered: %w", e.Profile, errors.Join(err, receipt.Err()))
		}
		s.stage.delivery(e, receipt)
	}
	s.stage.console(s.printed.lines())
	return nil
}

// outage breaks the webhook in three ways while events go on.
func (s *show) outage(ctx context.Context) error {
	s.stage.secondAct()
	s.webhook.set(losesAnswer)
	if err := s.burst(ctx, 1); err != nil {
		return err
	}
	if err := s.until(ctx, "the webhook to be called", s.wasRefused(1)); err != nil {
		return err
	}
	if err := s.snapshot(ctx, "the webhook takes one event, hangs up without an answer, and now says 503"); err != nil {
		return err
	}
	if err := s.webhook.stop(); err != nil {
		return err
	}
	if err := s.burst(ctx, 2); err != nil {
		return err
	}
	return s.snapshot(ctx, "the webhook is down: connection refused")
}

// burst fires many runs at once and waits until all but the webhook have them.
func (s *show) burst(ctx context.Context, number int) error {
	var events []hub.Event
	for i := range runsInBurst {
		events = append(events, idemRun(fmt.Sprintf("burst-%d-%02d", number, i+1))...)
	}
	s.expect(events...)
	if n, err := s.hub.PutAll(ctx, events); err != nil {
		return fmt.Errorf("%d of %d events were accepted: %w", n, len(events), err)
	}
	return s.until(ctx, "the healthy destinations to have all events", func(got map[string]int) bool {
		return s.complete(got, toStream, toAudit, toConsole)
	})
}

// recovery lets the webhook come back and waits until nothing is missing.
func (s *show) recovery(ctx context.Context) error {
	s.webhook.set(healthy)
	if err := s.webhook.start(); err != nil {
		return fmt.Errorf("the webhook does not come back: %w", err)
	}
	start := time.Now()
	if err := s.until(ctx, "the webhook to catch up", func(map[string]int) bool { return s.flushed() }); err != nil {
		return err
	}
	return s.snapshot(ctx, fmt.Sprintf("the webhook is back, and has caught up in %d ms", time.Since(start).Milliseconds()))
}

func (s *show) wasRefused(times int) func(map[string]int) bool {
	return func(map[string]int) bool {
		_, refused := s.webhook.counts()
		return refused >= times
	}
}

func (s *show) flushed() bool {
	for _, d := range s.hub.Stats().Destinations {
		if d.BacklogEvents > 0 {
			return false
		}
	}
	return true
}

// complete reports whether the receivers of ds have at least as many events as were fired for them.
func (s *show) complete(got map[string]int, ds ...destination) bool {
	for _, d := range ds {
		if got[d.name] < len(s.expected[d.name]) {
			return false
		}
	}
	return true
}

// counts asks every receiver how much it has.
func (s *show) counts(ctx context.Context) (map[string]int, error) {
	inStream, err := s.stream.count(ctx)
	if err != nil {
		return nil, err
	}
	inFile, err := s.fileLines()
	if err != nil {
		return nil, err
	}
	inWebhook, _ := s.webhook.counts()
	return map[string]int{
		toStream.name: inStream, toWebhook.name: inWebhook, toAudit.name: len(inFile), toConsole.name: len(s.printed.lines()),
	}, nil
}

// until polls the receivers until a condition holds.
func (s *show) until(ctx context.Context, what string, holds func(got map[string]int) bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := s.counts(ctx)
		if err == nil && holds(got) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w", what, errors.Join(context.Cause(ctx), err))
		}
	}
}

// snapshot shows what the receivers have.
func (s *show) snapshot(ctx context.Context, title string) error {
	got, err := s.counts(ctx)
	if err != nil {
		return err
	}
	s.stage.snapshot(title, s.fired, got, s.expected)
	return nil
}
