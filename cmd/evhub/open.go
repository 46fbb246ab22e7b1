package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
)

// hubOptions are those that every command's hub has.
func (o *options) hubOptions(more ...hub.Option) []hub.Option {
	return append([]hub.Option{hub.WithProviders(o.providers()...), hub.WithLogger(o.logger())}, more...)
}

// openHub opens a hub. cure is what to do when its journal is in use.
func (o *options) openHub(ctx context.Context, file *acct.File, journal *journalFlags, cure string, more ...hub.Option) (*hub.Hub, error) {
	h, err := hub.Open(ctx, file, o.hubOptions(append(more, journal.options()...)...)...)
	_, mistake := errors.AsType[*acct.Error](err)
	switch {
	case err == nil:
		o.plugin.attach(h)
		return h, nil
	case mistake || journal.dir == "":
		return nil, usageError(err)
	}
	return nil, explain(err, journal.dir, cure)
}

// readJournal opens a journal for looking, whoever uses it.
func (o *options) readJournal(f *journalFlags) (*hub.Journal, error) { return lookAt(f, o.logger()) }

// readQuietly is readJournal for who says by other means what is wrong with it.
func (o *options) readQuietly(f *journalFlags) (*hub.Journal, error) {
	return lookAt(f, slog.New(slog.DiscardHandler))
}

func lookAt(f *journalFlags, logger *slog.Logger) (*hub.Journal, error) {
	if err := f.useDefault(); err != nil {
		return nil, usageError(err)
	}
	j, err := hub.ReadJournal(f.dir, hub.WithLogger(logger))
	return j, explain(err, f.dir, "")
}

// workOnJournal opens a journal for change, which nobody else may use meanwhile.
func (o *options) workOnJournal(f *journalFlags) (*hub.Journal, error) {
	if err := f.useDefault(); err != nil {
		return nil, usageError(err)
	}
	j, err := hub.OpenJournal(f.dir, hub.WithLogger(o.logger()))
	return j, explain(err, f.dir, "stop that first; looking is possible meanwhile")
}

// explain says of a journal that cannot be opened where it is, and what to do.
func explain(err error, dir, cure string) error {
	locked, _ := errors.AsType[*hub.LockedError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usageError(fmt.Errorf("there is no journal in %s (see --journal)", dir))
	case locked != nil && locked.PID != 0:
		return fmt.Errorf("the journal %s is in use by process %d: %s", dir, locked.PID, cure)
	case errors.Is(err, hub.ErrLocked):
		return fmt.Errorf("the journal %s is in use by another process: %s", dir, cure)
	}
	return err
}
