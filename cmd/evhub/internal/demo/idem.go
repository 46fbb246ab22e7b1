package demo

import (
	"fmt"

	"github.com/evhub/evhub/hub"
)

// object is a JSON object.
type object = map[string]any

// idemRun returns the events that a run of `idem state` fires, one of each kind and one for each status, in order.
// No two events of a demo are the same: names differ within a run, and runs by their name.
func idemRun(run string) []hub.Event {
	event := func(profile, ref, kind string, body any) hub.Event {
		return hub.Event{Profile: profile, Body: body, Tags: object{"ref": ref, "type": kind}, RunName: run}
	}
	status := func(text string) hub.Event {
		return event("idem-status", "idem.state.update_status", "state-status", text)
	}
	const state, fun, name = "aws.ec2.vpc", "present", "vpc-main"
	ref := "states." + state + "." + fun
	chunk := object{"name": name, "state": state, "fun": fun, "__id__": name, "__sls__": "network", "order": 100000}
	return []hub.Event{
		status("CREATED"), status("GATHERING"),
		event("idem-high", "idem.sls_source.init.gather", "state-high-data",
			object{name: object{"__sls__": "network", state: []any{fun}}}),
		status("COMPILING"),
		event("idem-low", "idem.run.init.start", "state-low-data", []any{chunk}),
		status("RUNNING"),
		event("idem-chunk", ref, "state-chunk", chunk),
		event("idem-state", ref, "state-pre",
			object{name: object{ref: object{"ctx": object{"run_name": run, "test": false}, "kwargs": object{}, "name": name}}}),
		event("idem-exec", "exec.aws.ec2.vpc.get", "exec-post",
			object{"result": true, "ret": object{"vpc_id": "vpc-0a1b", "cidr": "10.0.0.0/16"}, "comment": ""}),
		event("idem-state", ref, "state-post",
			object{"name": name, "result": true, "comment": "created", "changes": object{"old": []any{}, "new": []any{"vpc-0a1b"}}}),
		event("idem-run", "idem.rules.init.run", "state-result",
			object{"name": name, "__id__": name, "__run_num": 1, "order": 100000, "tag": "aws.ec2.vpc_|-vpc-main_|-present",
				"changes": object{"new": []any{"vpc-0a1b"}}, "comment": "created", "old_state": nil,
				"new_state": object{"cidr": "10.0.0.0/16"}, "result": true}),
		{Profile: "idem-logger", RunName: run, Body: fmt.Sprintf("[idem][INFO    ] run %q has ended", run),
			Tags: object{"ref": "idem.log.event", "level": "INFO", "module": "idem", "timestamp": "12:00:00,000"}}, // has no type
		status("FINISHED"),
		{Profile: "deploy-done", RunName: run, Body: object{"by": "a program of your own", "ok": true}, Tags: object{"type": "your own"}},
	}
}
