package idem

import "github.com/evhub/evhub/hub"

// ESM is an idem-esm event: the metadata of the cache of enforced states, and the states in it. Idem fires it once in a
// run, after RUNNING, and does not document it. Nil is what a run without such a cache sends: that its version is 2.0.0.
func ESM(metadata any) hub.Event {
	if metadata == nil {
		metadata = map[string]any{"__esm_metadata__": map[string]any{"version": []int{2, 0, 0}}}
	}
	return hub.Event{Profile: ProfileESM, Body: metadata, Tags: refFirst{Ref: "idem.state.update-status", Type: "esm-metadata"}}
}
