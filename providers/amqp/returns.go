package amqp

import (
	"bytes"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/providers"
)

// unroutableRetry is how long to wait before an unroutable message is tried again.
const unroutableRetry = time.Second

// claimReturns finds the messages of f that were returned. The broker sends the return before the confirmation, and
// the client hands it on in that order, so all returns of a flight whose confirmations are in are in the channel.
func (s *session) claimReturns(f *flight) {
	s.drainReturns()
	if len(s.unclaimed) == 0 {
		return
	}
	s.claimInOrder(f)
	if len(s.unclaimed) > 0 {
		s.claimByID(f)
	}
	if len(s.unclaimed) > 0 && s.inFlight.Load() == 0 {
		s.logger.Error("the broker returned messages that were not sent", "broker", s.endpoint.String(),
			"messages", len(s.unclaimed), "first", s.unclaimed[0].MessageId)
		s.unclaimed = nil
	}
}

func (s *session) drainReturns() {
	for {
		select {
		case r, ok := <-s.returns:
			if !ok {
				return
			}
			s.unclaimed = append(s.unclaimed, r)
		default:
			return
		}
	}
}

// claimInOrder makes use of the broker returning messages in the order in which they were published.
func (s *session) claimInOrder(f *flight) {
	claimed := 0
	for i := range f.ms {
		if claimed == len(s.unclaimed) {
			break
		}
		if f.confirms[i] != nil && s.means(&s.unclaimed[claimed], &f.ms[i]) {
			f.set(i, s.unroutable(&s.unclaimed[claimed]))
			f.confirms[i] = nil
			claimed++
		}
	}
	s.unclaimed = s.unclaimed[claimed:]
}

// claimByID settles the returns that came in another order, and keeps those of later flights.
func (s *session) claimByID(f *flight) {
	byID := make(map[string][]int)
	for i := range f.ms {
		if f.confirms[i] != nil {
			byID[f.ms[i].ID] = append(byID[f.ms[i].ID], i)
		}
	}
	var others []amqp091.Return
	for _, r := range s.unclaimed {
		if !s.claim(f, &r, byID[r.MessageId]) {
			others = append(others, r)
		}
	}
	s.unclaimed = others
}

func (s *session) claim(f *flight, r *amqp091.Return, candidates []int) bool {
	for _, i := range candidates {
		if f.confirms[i] != nil && s.means(r, &f.ms[i]) {
			f.set(i, s.unroutable(r))
			f.confirms[i] = nil
			return true
		}
	}
	return false
}

// means reports whether r returns m. The ID alone may be in flight twice; messages that are equal in all this are
// interchangeable.
func (s *session) means(r *amqp091.Return, m *providers.Message) bool {
	return r.MessageId == m.ID && r.RoutingKey == s.routingKey(m) && bytes.Equal(r.Body, m.Body)
}

func (s *session) unroutable(r *amqp091.Return) error {
	if s.route.namesQueues() {
		s.queues.forget(r.RoutingKey)
	}
	err := fmt.Errorf("%s: no queue takes routing key %q of exchange %q (%d %s)",
		s.endpoint, r.RoutingKey, r.Exchange, r.ReplyCode, r.ReplyText)
	if !s.route.retry {
		return providers.Permanent(err)
	}
	s.refuse(err)
	return providers.RetryAfter(err, unroutableRetry)
}
