package idem

import (
	"strings"

	"github.com/evhub/evhub/hub"
)

// StatePre is an idem-state event: the function of c is about to be called with kwargs, a JSON object, for the state of
// that name. The credentials in kwargs, ctx.acct and acct_data, are left out, as Idem does. Whatever else is secret in
// them is not.
func StatePre(c Caller, name string, kwargs any) hub.Event {
	body := map[string]any{name: map[string]any{functionOf(c.Ref): without{kwargs, [][]string{{"ctx", "acct"}, {"acct_data"}}}}}
	return hub.Event{Profile: ProfileState, Body: body, Tags: c.tags("state-pre")}
}

// functionOf is ref without the name of its sub on the hub.
func functionOf(ref string) string {
	for _, sub := range []string{"states.", "exec."} {
		if function, ok := strings.CutPrefix(ref, sub); ok {
			return function
		}
	}
	return ref
}

// StatePost is an idem-state event: the function of c has returned ret, such as a [StateReturn].
func StatePost(c Caller, ret any) hub.Event {
	return hub.Event{Profile: ProfileState, Body: ret, Tags: c.tags("state-post")}
}

// StateReturn is what the function of a state returns. Keys that the documents do not have are left out when they are nil.
type StateReturn struct {
	// Changes are what has changed, {"old", "new"} as a rule, and Comment a text or a list of texts.
	Changes any    `json:"changes"`
	Comment any    `json:"comment"`
	Name    string `json:"name"`
	Result  bool   `json:"result"`
	// OldState and NewState are the resource before and after.
	OldState any `json:"old_state,omitempty"`
	NewState any `json:"new_state,omitempty"`
}
