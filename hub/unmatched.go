package hub

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

// maxUnmatched bounds the profiles that are remembered as logged.
const maxUnmatched = 1024

// unmatched counts events that no destination wants, and logs each of their profiles that matches no pattern once.
type unmatched struct {
	count    atomic.Int64
	filtered atomic.Int64 // those of them that patterns match, and no filter lets pass

	mu     sync.Mutex // guards logged
	logged map[string]struct{}
}

func (u *unmatched) note(logger *slog.Logger, profile string, filtered bool) {
	u.count.Add(1)
	if filtered {
		u.filtered.Add(1)
		return
	}
	u.mu.Lock()
	_, known := u.logged[profile]
	full := len(u.logged) >= maxUnmatched
	if !known && !full {
		if u.logged == nil {
			u.logged = map[string]struct{}{}
		}
		u.logged[profile] = struct{}{}
	}
	u.mu.Unlock()
	if !known && !full {
		logger.Info("no destination matches this profile; its events go nowhere", "profile", providers.Visible(profile))
	}
}
