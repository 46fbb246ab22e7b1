package idem

import "github.com/evhub/evhub/hub"

// StateChunk is one compiled state, in the order in which Idem writes it. For one with arguments give a map or
// json.RawMessage instead.
type StateChunk struct {
	// State is the state's plugin on the hub, and Fun its function.
	State string `json:"state"`
	Name  string `json:"name"`
	// SLS is the source that the state comes from, and ID its id there, as a rule the name.
	SLS   string `json:"__sls__"`
	ID    string `json:"__id__"`
	Order int    `json:"order"`
	Fun   string `json:"fun"`
}

// Low is an idem-low event: the low data of a run, a list of chunks such as [StateChunk].
//
// Idem fires it again after each batch, and then the chunks that have run hold ctx.acct, decrypted credentials. They are
// left out here unless KeepCredentials is given.
func Low(chunks any, opts ...Option) hub.Event {
	if !chosen(opts).keepCredentials {
		chunks = without{chunks, [][]string{{each, "ctx", "acct"}}}
	}
	return hub.Event{Profile: ProfileLow, Body: chunks, Tags: refFirst{Ref: "idem.run.init.start", Type: "state-low-data"}}
}

// High is an idem-high event: the high data that was rendered of an SLS source, a JSON object by state id.
func High(states any) hub.Event {
	return hub.Event{
		Profile: ProfileHigh, Body: states, Tags: typeFirst{Type: "state-high-data", Ref: "idem.sls_source.init.gather"},
	}
}

// Chunk is an idem-chunk event: one state, such as a [StateChunk], is fully compiled and about to be run by the function
// that ref refers to. No ref is null: there is no such function. ctx.acct is left out as in Low.
//
// The documents call its type state-post; with AsSent it is state-chunk, which Idem 25 sends.
func Chunk(ref string, chunk any, opts ...Option) hub.Event {
	c, kind := chosen(opts), "state-post"
	if c.asSent {
		kind = "state-chunk"
	}
	if !c.keepCredentials {
		chunk = without{chunk, [][]string{{"ctx", "acct"}}}
	}
	return hub.Event{Profile: ProfileChunk, Body: chunk, Tags: refFirst{Ref: refOrNull(ref), Type: kind}}
}
