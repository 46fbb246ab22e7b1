package file

import (
	"context"
	"path/filepath"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/internal/lane"
)

// Provider returns the provider "file".
func Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "file",
		Doc:     "Appends each event to a file as one line; written, and with fsync always synced, means delivered.",
		Default: func() Config { return Config{Mode: ownerReadWrite} },
		Caps: func(c Config) providers.Caps {
			return providers.Caps{Acked: c.Fsync == Always, Order: providers.Full, BatchBytes: int(c.MaxSize)}
		},
		Address: func(c Config) string { return filepath.Clean(c.Path) },
		Open:    open,
	})
}

func open(c Config, env providers.Env) (providers.Dial, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.Path = filepath.Clean(c.Path)
	return func(context.Context) (providers.Session, error) {
		a := &appender{config: c, logger: env.Logger}
		if err := a.open(); err != nil {
			return nil, err
		}
		return lane.New(a, time.Duration(max(0, c.Fsync))), nil
	}, nil
}
