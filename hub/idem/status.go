package idem

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evhub/evhub/hub"
)

// RunStatus is how far a run has come, with the numbers that Idem gives it. The ones below zero are failures.
type RunStatus int

// The statuses of a run. Idem 25 never fires Created, RuntimeError and Undefined.
const (
	Finished         RunStatus = 0
	Created          RunStatus = 1
	Gathering        RunStatus = 2
	Compiling        RunStatus = 3
	Running          RunStatus = 4
	CompilationError RunStatus = -1
	GatherError      RunStatus = -2
	RuntimeError     RunStatus = -3
	Undefined        RunStatus = -4
)

type namedStatus struct {
	status RunStatus
	name   string
}

// statuses in the order of the documents.
var statuses = []namedStatus{
	{Finished, "FINISHED"}, {Created, "CREATED"}, {Gathering, "GATHERING"}, {Compiling, "COMPILING"}, {Running, "RUNNING"},
	{CompilationError, "COMPILATION_ERROR"}, {GatherError, "GATHER_ERROR"}, {RuntimeError, "RUNTIME_ERROR"},
	{Undefined, "UNDEFINED"},
}

// String returns Idem's name of s, such as FINISHED, which is the message of the event; of a number that Idem does not
// know it returns UNDEFINED.
func (s RunStatus) String() string {
	for _, known := range statuses {
		if known.status == s {
			return known.name
		}
	}
	return Undefined.String()
}

// ParseStatus returns the status with that name, as Idem spells it.
func ParseStatus(name string) (RunStatus, error) {
	i := slices.IndexFunc(statuses, func(s namedStatus) bool { return s.name == name })
	if i < 0 {
		return Undefined, fmt.Errorf("no status %q; there are %s", name, strings.Join(StatusNames(), ", "))
	}
	return statuses[i].status, nil
}

// StatusNames returns the names of all statuses in the order of Idem's documents.
func StatusNames() []string {
	names := make([]string, len(statuses))
	for i, s := range statuses {
		names[i] = s.name
	}
	return names
}

// Status is an idem-status event: a run has come to s.
func Status(s RunStatus) hub.Event {
	return hub.Event{
		Profile: ProfileStatus, Body: s.String(), Tags: refFirst{Ref: "idem.state.update_status", Type: "state-status"},
	}
}
