package idem

import (
	"strings"

	"github.com/evhub/evhub/hub"
)

// StatePre is an idem-state event: the function of c is about to be called with kwargs, a JSON object such as a
// [StateCall], for the state of that name. The credentials in kwargs, ctx.acct and acct_data, are left out, as Idem does. Whatever else is secret in
// them is not.
func StatePre(c Caller, name string, kwargs any) hub.Event {
	body := map[string]any{name: map[string]any{functionOf(c.Ref): without{kwargs, [][]string{{"ctx", "acct"}, {"acct_data"}}}}}
	return hub.Event{Profile: ProfileState, Body: body, Tags: c.tags("state-pre")}
}

// StateCall is what the function of a state is called with, as documented. Idem 25 has the function's own parameters in
// place of Kwargs where it declares any, and more in the context; give a map or a json.RawMessage for those.
type StateCall struct {
	Ctx StateContext `json:"ctx"`
	// Kwargs are the arguments beside these two, an object. Nil is null.
	Kwargs any    `json:"kwargs"`
	Name   string `json:"name"`
}

// StateContext is what Idem tells the function of a state about the run.
type StateContext struct {
	RunName string `json:"run_name"`
	// Test: changes are only to be told, not made.
	Test bool `json:"test"`
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
