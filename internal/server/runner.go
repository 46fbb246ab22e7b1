package server

import (
	"errors"
	"net/http"

	"github.com/evhub/evhub/hub/runner"
)

// runner takes what ansible-runner-http posts: one status or event of a run, alone.
func (s *Server) runner(w http.ResponseWriter, r *http.Request) {
	asked, no := s.asked(r) // other parameters are the user's: ansible-runner-http posts to the URL that it is given
	if no != nil {
		s.fail(w, r, no)
		return
	}
	a, no := s.admit(w, r, mediaJSON)
	if no != nil {
		s.fail(w, r, no)
		return
	}
	defer a.release()
	s.put(w, r, asked, runnerItems(a.body), a.release)
}

// runnerItems is the status or event that text is; none if it says nothing of a run.
func runnerItems(text []byte) []item {
	e, err := runner.Parse(text)
	switch {
	case errors.Is(err, runner.ErrNothing):
		return nil
	case err != nil:
		err = refusal(http.StatusBadRequest, "%w", err)
	}
	return []item{{event: e, err: err}}
}
