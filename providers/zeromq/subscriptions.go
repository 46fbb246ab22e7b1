package zeromq

import (
	"errors"
	"sync"

	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

// maxSubscriptions bounds the memory that one subscriber can make a publisher use; each takes prefixCost bytes beside its
// prefix.
const (
	maxSubscriptions = 4 << 20
	prefixCost       = 64
)

// subscriptions are the prefixes that one subscriber has asked for, each as often as it did.
type subscriptions struct {
	mu       sync.RWMutex // guards the fields below
	prefixes map[string]int
	size     int
}

// take understands what a subscriber says: SUBSCRIBE and CANCEL of ZMTP 3.1, or the messages that stand for them in 3.0.
// first reports whether there was none before.
func (s *subscriptions) take(f zmtp.Frame) (first bool, err error) {
	if f.Command {
		switch name, prefix, _ := zmtp.ParseCommand(f.Body); name { // which the peer could parse
		case zmtp.Subscribe:
			return s.add(prefix)
		case zmtp.Cancel:
			s.cancel(prefix)
		}
		return false, nil
	}
	if f.More || len(f.Body) == 0 || f.Body[0] > 1 {
		return false, errors.New("the peer sent a message that is no subscription")
	}
	if f.Body[0] == 1 {
		return s.add(f.Body[1:])
	}
	s.cancel(f.Body[1:])
	return false, nil
}

func (s *subscriptions) add(prefix []byte) (first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prefixes == nil {
		s.prefixes = make(map[string]int)
	}
	first = len(s.prefixes) == 0
	if s.prefixes[string(prefix)]++; s.prefixes[string(prefix)] == 1 {
		s.size += len(prefix) + prefixCost
	}
	if s.size > maxSubscriptions {
		return false, errors.New("the peer has too many subscriptions")
	}
	return first, nil
}

func (s *subscriptions) cancel(prefix []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch n := s.prefixes[string(prefix)]; {
	case n > 1:
		s.prefixes[string(prefix)] = n - 1
	case n == 1:
		delete(s.prefixes, string(prefix))
		s.size -= len(prefix) + prefixCost
	}
}

// any reports whether there is a subscription.
func (s *subscriptions) any() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.prefixes) > 0
}

// match reports whether a message whose first frame is head was asked for.
func (s *subscriptions) match(head []byte) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for prefix := range s.prefixes {
		if len(head) >= len(prefix) && string(head[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}
