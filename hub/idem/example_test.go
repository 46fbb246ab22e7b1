package idem_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
	"github.com/evhub/evhub/providers/memory"
)

func Example() {
	ctx := context.Background()
	file, err := acct.Parse("acct.yaml", []byte(`internal: {"idem-*": {routing_key: all}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	queues := memory.New()
	h, err := hub.Open(ctx, file, hub.WithProviders(queues.Provider()), hub.WithRunName("nightly"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ping := idem.Caller{Ref: "exec.test.ping"}
	_, err = h.PutAll(ctx, []hub.Event{
		idem.Status(idem.Running),
		idem.Exec(ping, idem.ExecReturn{Result: true, Ret: true}),
		idem.Low(json.RawMessage(`[{"state": "cloud", "name": "web", "ctx": {"acct": {"secret_key": "hidden"}, "test": false}}]`)),
	})
	if err != nil {
		fmt.Println(err)
	}
	if err := h.Close(ctx); err != nil {
		fmt.Println(err)
	}
	for _, m := range queues.Queue("all").Snapshot() {
		fmt.Printf("%s\n", m.Body)
	}
	// Output:
	// {"tags": {"ref": "idem.state.update_status", "type": "state-status"}, "message": "RUNNING", "run_name": "nightly"}
	// {"tags": {"ref": "exec.test.ping", "type": "exec-post", "acct_details": null}, "message": {"result": true, "ret": true, "comment": null}, "run_name": "nightly"}
	// {"tags": {"ref": "idem.run.init.start", "type": "state-low-data"}, "message": [{"state": "cloud", "name": "web", "ctx": {"test": false}}], "run_name": "nightly"}
}
