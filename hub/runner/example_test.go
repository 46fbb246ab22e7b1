package runner_test

import (
	"encoding/json"
	"fmt"

	"github.com/evhub/evhub/hub/runner"
)

func ExampleParse() {
	e, err := runner.Parse([]byte(`{"uuid": "c2db81ba", "counter": 6, "event": "runner_on_ok", "runner_ident": "run-1",
		"created": "2026-11-22T02:31:04.879964+00:00", "event_data": {"task": "hello", "host": "web1"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	tags, _ := json.Marshal(e.Tags) // they are text
	fmt.Println(e.Profile, string(tags), e.Key)
	// Output: runner-event {"event":"runner_on_ok","ident":"run-1","host":"web1","task":"hello"} run-1
}

func ExampleOptions_Decode() {
	m, err := runner.Options{DropEnv: true}.Decode([]byte(`{"status": "starting", "runner_ident": "run-1", "env": {"TOKEN": "secret"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	switch m := m.(type) {
	case *runner.Status:
		fmt.Printf("%s of %s: %s\n", m.Status, m.Ident(), m.HubEvent().Body)
	case *runner.Event:
		fmt.Println(m.Event, m.EventData.Host)
	}
	// Output: starting of run-1: {"status": "starting", "runner_ident": "run-1"}
}
