package server

// ListenWithMode is listenWithMode.
var ListenWithMode = listenWithMode

// Busy returns how many requests are being read or put.
func (s *Server) Busy() int {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	return s.limits.Requests - s.slots.requests
}
