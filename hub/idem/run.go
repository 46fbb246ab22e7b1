package idem

import "github.com/evhub/evhub/hub"

// documentedRunRef is the ref of idem-run in the documents.
const documentedRunRef = "idem.rules.init.run"

// Run is an idem-run event: the outcome of one state with all its metadata, such as a [StateResult].
//
// No ref means "idem.rules.init.run", as documented. Idem 25 sends the state's function there, or null where there is no
// such function: with AsSent, no ref is null.
func Run(c Caller, result any, opts ...Option) hub.Event {
	if c.Ref == "" && !chosen(opts).asSent {
		c.Ref = documentedRunRef
	}
	return hub.Event{Profile: ProfileRun, Body: result, Tags: c.tags("state-result")}
}

// StateResult is the outcome of one state of a run, in the order in which Idem writes it. Keys that either the documents
// or Idem 25 do not have are left out when they are zero.
type StateResult struct {
	// Tag is the key of the state in the run, Name its name, ID its id.
	Tag  string `json:"tag"`
	Name string `json:"name"`
	ID   string `json:"__id__"`
	// Order helps Idem to decide which states to run first. It is documented, and not sent by Idem 25.
	Order    int `json:"order,omitempty"`
	Changes  any `json:"changes"`
	NewState any `json:"new_state"`
	OldState any `json:"old_state"`
	// Comment is a text or a list of texts.
	Comment   any  `json:"comment"`
	RerunData any  `json:"rerun_data,omitempty"`
	Result    bool `json:"result"`
	// ESMTag is the key of the state in the cache of enforced states.
	ESMTag string `json:"esm_tag"`
	RunNum int    `json:"__run_num"`
	// StartTime is such as "2026-11-22 02:26:49.216241", in local time.
	StartTime    string  `json:"start_time,omitempty"`
	TotalSeconds float64 `json:"total_seconds,omitempty"`
	SLSMeta      any     `json:"sls_meta,omitempty"`
	Ref          string  `json:"ref,omitempty"`
	AcctDetails  any     `json:"acct_details,omitempty"`
}
