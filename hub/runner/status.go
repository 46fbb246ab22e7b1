package runner

import (
	"encoding/json"

	"github.com/evhub/evhub/hub"
)

// The statuses of a run, in the order of its life. One of the last five ends it.
const (
	Starting   = "starting"
	Running    = "running"
	Successful = "successful"
	Failed     = "failed"
	Canceled   = "canceled"
	Timeout    = "timeout"
	Error      = "error"
)

// Final reports whether a run ends with a status.
func Final(status string) bool {
	switch status {
	case Successful, Failed, Canceled, Timeout, Error:
		return true
	}
	return false
}

// Status is what a run has come to.
type Status struct {
	// Status is one of the constants, or what a newer Runner says.
	Status string `json:"status"`
	// RunnerIdent is the ident of the run; "" where Runner gives none: in the errors of a stream.
	RunnerIdent string `json:"runner_ident"`
	// Command, Env and Cwd are how ansible is called. They come with Starting alone. Env is the whole environment of
	// the process, secrets included: see Options.DropEnv.
	Command []string          `json:"command"`
	Env     map[string]string `json:"env"`
	Cwd     string            `json:"cwd"`
	// JobExplanation and ResultTraceback say what went wrong, with Error alone.
	JobExplanation  string `json:"job_explanation"`
	ResultTraceback string `json:"result_traceback"`

	raw json.RawMessage
}

// Ident returns the ident of the run.
func (s *Status) Ident() string { return s.RunnerIdent }

// HubEvent returns the status as a hub takes it. Its ID is the same for a status of a run, so two runs of one ident share
// it; a status without an ident has none.
func (s *Status) HubEvent() hub.Event {
	e := hub.Event{
		Profile: StatusProfile, Body: s.raw, RunName: s.RunnerIdent, Key: s.RunnerIdent,
		Tags: statusTags{Status: s.Status, Ident: s.RunnerIdent},
	}
	if s.RunnerIdent != "" {
		e.ID = identity(s.RunnerIdent, "status", s.Status)
	}
	return e
}

type statusTags struct {
	Status string `json:"status"`
	Ident  string `json:"ident,omitempty"`
}
