package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
)

func newExamplesIdem(o *options) *cobra.Command {
	var runName string
	cmd := &cobra.Command{
		Use:   "idem",
		Short: "Print a sample of each event that Idem fires",
		Long: `Prints a sample of each event that Idem documents, in the order of a run, and of idem-esm, which it fires and does
not document. "evhub put --idem" puts such events one by one.`,
		Example: `  evhub examples idem
  evhub examples idem | evhub put -f acct.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			samples := idemSamples(runName)
			for i := range samples {
				samples[i].event.RunName = runName
			}
			asText := !o.json() && (o.console.out.terminal || cmd.Flags().Changed("output"))
			return o.printSamples(samples, asText)
		},
	}
	cmd.Flags().StringVar(&runName, "run-name", hub.DefaultRunName, "name of the run")
	return cmd
}

// idemSamples are what Idem fires while it applies one state, and a line of its log.
func idemSamples(runName string) []sample {
	call := idem.StateCall{Ctx: idem.StateContext{RunName: runName}, Kwargs: json.RawMessage(`{"size": "small"}`), Name: "web"}
	present := idem.Caller{Ref: "states.cloud.instance.present", AcctDetails: map[string]string{"account_id": "123456789012"}}
	get := idem.Caller{Ref: "exec.cloud.instance.get", AcctDetails: present.AcctDetails}
	web := idem.StateChunk{State: "cloud.instance", Name: "web", SLS: "site", ID: "web", Order: 100000, Fun: "present"}
	created := json.RawMessage(`{"size": "small", "zone": "a"}`)
	changes := json.RawMessage(`{"old": {}, "new": {"size": "small", "zone": "a"}}`)
	return []sample{
		{"the run has come to a status", idem.Status(idem.Gathering)},
		{"what was rendered of an SLS source", idem.High(json.RawMessage(
			`{"web": {"cloud.instance": [{"size": "small"}, {"order": 100000}, "present"], "__sls__": "site"}}`))},
		{"the low data of the run: its compiled states", idem.Low([]any{web})},
		{"the metadata of the cache of enforced states; not documented", idem.ESM(nil)},
		{"one state, compiled, about to be run", idem.Chunk(present.Ref, web)},
		{"before the function of a state is called", idem.StatePre(present, "web", call)},
		{"the return of an exec module", idem.Exec(get, idem.ExecReturn{Result: true, Comment: "no such instance"})},
		{"what the function of a state has returned", idem.StatePost(present, idem.StateReturn{
			Changes: changes, Comment: "created", Name: "web", Result: true, OldState: json.RawMessage("{}"), NewState: created,
		})},
		{"the outcome of a state with all its metadata", idem.Run(idem.Caller{AcctDetails: present.AcctDetails}, idem.StateResult{
			Tag: "cloud.instance_|-web_|-web_|-present", Name: "web", ID: "web", Order: 100000, Changes: changes,
			NewState: created, OldState: json.RawMessage("{}"), Comment: "created", Result: true,
			ESMTag: "cloud.instance_|-web_|-web_|-", RunNum: 1, StartTime: "2026-01-31 23:59:58.216241", TotalSeconds: 1.25,
		})},
		{"a line of the log", idem.Logger(idem.Log{
			Level: "WARNING", Module: "cloud.init", Timestamp: "2026-01-31 23:59:59,424", Ref: "log.init.queue",
			Message: "the quota is nearly used up",
		})},
		{"the run is done", idem.Status(idem.Finished)},
	}
}
