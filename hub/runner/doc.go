// Package runner knows the dicts that Ansible Runner hands its plugins: a status of a run ({"status", "runner_ident"})
// or a job event ({"uuid", "counter", "event", "event_data", ...}), one JSON object each. It recognises which one a
// text is, gives it a type, and makes the event of it that a hub takes:
//
//	profile   runner-status or runner-event
//	body      the dict, unchanged
//	tags      status: {"status", "ident"}; event: {"event", "ident", "host", "task"}, those that there are
//	run name  the ident of the run
//	key       the ident too, so that a run keeps its order everywhere
//	id        the same for the same status or event of a run, whoever reads it and how often
//	time      when Runner made the event; a status has none of its own
//
// Its names and meanings are those of ansible-runner 2.4 (docs/intro and docs/python_interface of that project).
package runner

import (
	"fmt"

	"github.com/google/uuid"
)

// The profiles of what this package makes.
const (
	StatusProfile = "runner-status"
	EventProfile  = "runner-event"
)

// namespace makes the ids of this package different from all others. It is the UUIDv5 of the URL below.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/evhub/evhub/hub/runner"))

// identity returns a UUIDv5 of a status or event of a run. The quotes keep what is in one part out of the other.
func identity(ident, kind, name string) string {
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%q %s %q", ident, kind, name)).String()
}
