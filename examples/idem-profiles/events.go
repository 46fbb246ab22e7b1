package main

import "github.com/evhub/evhub/hub"

// idemRun is what Idem fires while it applies one state, and one event of somebody else.
var idemRun = []hub.Event{
	status("GATHERING"),
	{
		Profile: "idem-high",
		Tags:    tags{Ref: "idem.sls_source.init.gather", Type: "state-high-data"},
		Body:    map[string]any{"web": map[string]any{"__sls__": "site", "cloud.instance": []string{"present"}}},
	},
	status("COMPILING"),
	{
		Profile: "idem-low",
		Tags:    tags{Ref: "idem.run.init.start", Type: "state-low-data"},
		Body:    []any{web},
	},
	status("RUNNING"),
	{
		Profile: "idem-chunk",
		Tags:    tags{Ref: "states.cloud.instance.present", Type: "state-chunk"},
		Body:    web,
	},
	{
		Profile: "idem-state",
		Tags:    tags{Ref: "states.cloud.instance.present", Type: "state-pre"},
		Body:    map[string]any{"web": map[string]any{"cloud.instance.present": map[string]any{"name": "web"}}},
	},
	{
		Profile: "idem-exec",
		Tags:    tags{Ref: "exec.cloud.instance.get", Type: "exec-post"},
		Body:    map[string]any{"result": true, "ret": nil, "comment": "no such instance"},
	},
	{
		Profile: "idem-state",
		Tags:    tags{Ref: "states.cloud.instance.present", Type: "state-post"},
		Body:    result{Name: "web", Comment: "created", Result: true},
	},
	{
		Profile: "idem-run",
		Tags:    tags{Ref: "states.cloud.instance.present", Type: "state-result"},
		Body:    result{Name: "web", Comment: "created", Result: true},
	},
	status("FINISHED"),
	{Profile: "backup", Body: "done"}, // which no pattern matches
}

// tags are in the order in which Idem writes them. A map would be sorted.
type tags struct {
	Ref  string `json:"ref"`
	Type string `json:"type"`
}

// result is the outcome of a state.
type result struct {
	Name    string         `json:"name"`
	Comment string         `json:"comment"`
	Changes map[string]any `json:"changes"`
	Result  bool           `json:"result"`
}

// web is a state of the run, compiled.
var web = map[string]any{
	"name": "web", "state": "cloud.instance", "fun": "present", "__id__": "web", "__sls__": "site", "order": 100000,
}

func status(name string) hub.Event {
	return hub.Event{
		Profile: "idem-status", Body: name, Tags: tags{Ref: "idem.state.update_status", Type: "state-status"},
	}
}
