package amqp

import "github.com/evhub/evhub/providers"

// Blocked tells tests whether s knows that its broker blocks publishers.
func Blocked(s providers.Session) bool {
	opens, _ := s.(*session).gate.blocked()
	return opens != nil
}
