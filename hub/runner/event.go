package runner

import (
	"encoding/json"
	"time"

	"github.com/evhub/evhub/hub"
)

// Event is a job event: one thing that happened in a run.
type Event struct {
	// UUID identifies the event within its run; ParentUUID is the task, play or playbook that it belongs to.
	UUID       string `json:"uuid"`
	ParentUUID string `json:"parent_uuid"`
	// Counter numbers the events of a run from 1. Standard output and standard error have a count each, so only UUID is
	// an identity.
	Counter int `json:"counter"`
	// Stdout is what ansible printed for the event, in lines from StartLine up to EndLine.
	Stdout    string `json:"stdout"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	// RunnerIdent is the ident of the run.
	RunnerIdent string `json:"runner_ident"`
	// Event is its type: playbook_on_task_start, runner_on_ok, runner_on_failed, verbose and so on.
	Event string `json:"event"`
	// EventData is what ansible says of it, empty for output alone.
	EventData EventData `json:"event_data"`
	PID       int       `json:"pid"`
	// Created is when it happened, as Runner spells it; see Time.
	Created   string `json:"created"`
	Verbosity int    `json:"verbosity"`
	// JobID, AdHocCommandID and ProjectUpdateID are set by who started the run, AWX for one.
	JobID           int `json:"job_id"`
	AdHocCommandID  int `json:"ad_hoc_command_id"`
	ProjectUpdateID int `json:"project_update_id"`

	raw json.RawMessage
}

// EventData is what most events have of the playbook; each type has more, which is in the body of the HubEvent.
type EventData struct {
	Playbook     string `json:"playbook"`
	PlaybookUUID string `json:"playbook_uuid"`
	Play         string `json:"play"`
	PlayUUID     string `json:"play_uuid"`
	Task         string `json:"task"`
	TaskUUID     string `json:"task_uuid"`
	TaskAction   string `json:"task_action"`
	TaskPath     string `json:"task_path"`
	Role         string `json:"role"`
	// Host is as it is named in the inventory, RemoteAddr where ansible connects to.
	Host         string `json:"host"`
	RemoteAddr   string `json:"remote_addr"`
	IgnoreErrors bool   `json:"ignore_errors"`
	// Duration is in seconds.
	Duration float64 `json:"duration"`
	// Res is the result of the task on that host, JSON as it came; nil if there is none.
	Res json.RawMessage `json:"res"`
}

// Ident returns the ident of the run.
func (e *Event) Ident() string { return e.RunnerIdent }

// Time returns when the event was created, or zero if it does not say. Older versions of Runner give no time zone: they
// mean UTC.
func (e *Event) Time() time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, e.Created); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// HubEvent returns the event as a hub takes it.
func (e *Event) HubEvent() hub.Event {
	return hub.Event{
		Profile: EventProfile, Body: e.raw, RunName: e.RunnerIdent, Key: e.RunnerIdent,
		ID: identity(e.RunnerIdent, "event", e.UUID), Time: e.Time(),
		Tags: eventTags{Event: e.Event, Ident: e.RunnerIdent, Host: e.EventData.Host, Task: e.EventData.Task},
	}
}

type eventTags struct {
	Event string `json:"event"`
	Ident string `json:"ident,omitempty"`
	Host  string `json:"host,omitempty"`
	Task  string `json:"task,omitempty"`
}
