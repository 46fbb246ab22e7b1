package pythons

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// stale is the age from which a lock is nobody's any more: whoever held it was killed.
const stale = 2 * patience

// lock keeps other processes from the same environment: packages are tested side by side.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	retry := time.NewTicker(200 * time.Millisecond)
	defer retry.Stop()
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			_ = f.Close() // nothing was written
			return func() { _ = os.Remove(path) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > stale {
			_ = os.Remove(path)
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
