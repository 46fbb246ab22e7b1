package idem

import "github.com/evhub/evhub/hub"

// Exec is an idem-exec event: the function of c, of an exec module, has returned ret, such as an [ExecReturn].
func Exec(c Caller, ret any) hub.Event {
	return hub.Event{Profile: ProfileExec, Body: ret, Tags: c.tags("exec-post")}
}

// ExecReturn is what the function of an exec module returns.
type ExecReturn struct {
	Result bool `json:"result"`
	Ret    any  `json:"ret"`
	// Comment is a text or a list of texts.
	Comment any `json:"comment"`
}
