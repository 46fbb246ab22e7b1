package backlogs

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/hub"
)

// startUp opens a hub whose destination is down.
type startUp struct {
	setup *setup
	hub   *hub.Hub
}

// StartUp is a contestant that opens a hub with what waits in the task's folder.
func StartUp(name string) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(_ context.Context, t harness.Task) (harness.Publisher, error) {
		s, err := newSetup(Discard(), t, "backlog: 1TiB")
		return &startUp{setup: s}, err
	}}
}

// Publish implements harness.Publisher.
func (s *startUp) Publish(ctx context.Context, n int) (err error) {
	if n == 0 {
		return nil // there is no warm-up
	}
	s.hub, err = s.setup.open(ctx)
	return err
}

// Close implements harness.Publisher.
func (s *startUp) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_ = s.hub.Close(ctx) // it says that events are left
	return nil
}

// Backlogs makes the journals that StartUp opens, each when it is asked for first.
type Backlogs struct {
	// Dir is the folder for them; "" is the one for temporary files.
	Dir string

	mu   sync.Mutex // guards made
	made map[string]string
}

// Prepare returns what prepares a group: the backlog of each contestant has as many bytes of disk as sizes says.
func (b *Backlogs) Prepare(sizes map[string]int64) func(context.Context, *harness.Task) (harness.Finish, error) {
	return func(ctx context.Context, t *harness.Task) (harness.Finish, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		dir, ok := b.made[t.Contestant]
		if !ok {
			var err error
			if dir, err = b.fill(ctx, sizes[t.Contestant], t.Body); err != nil {
				return nil, err
			}
			if b.made == nil {
				b.made = map[string]string{}
			}
			b.made[t.Contestant] = dir
		}
		t.Dir = dir
		return func(context.Context, int) error { return nil }, nil
	}
}

func (b *Backlogs) fill(ctx context.Context, bytes int64, body int) (dir string, err error) {
	if dir, err = os.MkdirTemp(b.Dir, "evhub-backlog-"); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	s, err := newSetup(Discard(), harness.Task{Dir: dir}, "backlog: 1TiB")
	if err != nil {
		return "", err
	}
	f, err := s.newFiller(body)
	if err != nil {
		return "", err
	}
	for f.journal.Stats().DiskBytes < bytes {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if err := f.add(filled); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// Close removes them.
func (b *Backlogs) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, dir := range b.made {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}
