package brokers

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// readyWithin is how long a broker may take to start. It is some seconds on an idle machine.
const readyWithin = 90 * time.Second

// awaitReady polls check until it succeeds. It gives up when one of the processes has died, or ctx or readyWithin ends.
func awaitReady(ctx context.Context, check func(context.Context) error, ps ...*process) error {
	ctx, stop := context.WithTimeout(ctx, readyWithin)
	defer stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		for _, p := range ps {
			if !p.alive() {
				return fmt.Errorf("%s ended while starting; its log ends:\n%s", p.name, p.logTail())
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v%s: the last try: %w", readyWithin, tails(ps), err)
		}
	}
}

// tails shows the end of each log.
func tails(ps []*process) string {
	var b strings.Builder
	for _, p := range ps {
		fmt.Fprintf(&b, "\nthe log of %s ends:\n%s\n", p.name, p.logTail())
	}
	return b.String()
}
