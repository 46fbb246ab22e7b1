package main

import (
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
)

// present is the function of a state, web that state, compiled.
var (
	present = idem.Caller{Ref: "states.cloud.instance.present"}
	web     = idem.StateChunk{State: "cloud.instance", Name: "web", SLS: "site", ID: "web", Order: 100000, Fun: "present"}
)

// idemRun is what Idem fires while it applies one state, and one event of somebody else.
var idemRun = []hub.Event{
	idem.Status(idem.Gathering),
	idem.High(map[string]any{"web": map[string]any{"__sls__": "site", "cloud.instance": []string{"present"}}}),
	idem.Status(idem.Compiling),
	idem.Low([]idem.StateChunk{web}),
	idem.Status(idem.Running),
	idem.Chunk(present.Ref, web, idem.AsSent()),
	idem.StatePre(present, "web", map[string]any{"name": "web"}),
	idem.Exec(idem.Caller{Ref: "exec.cloud.instance.get"}, idem.ExecReturn{Result: true, Comment: "no such instance"}),
	idem.StatePost(present, idem.StateReturn{Name: "web", Comment: "created", Result: true}),
	idem.Run(present, idem.StateResult{Name: "web", ID: "web", Comment: "created", Result: true}),
	idem.Status(idem.Finished),
	{Profile: "backup", Body: "done"}, // which no pattern matches
}
