package hub_test

import (
	"context"
	"fmt"
	"log"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// The provider is a broker in memory here; a program gives hub.WithProviders(all.Providers()...).
func Example() {
	all, audit := providertest.NewFake(providers.Caps{Acked: true}), providertest.NewFake(providers.Caps{Acked: true})
	provider := providertest.FakeProvider("fake", map[string]*providertest.Fake{"all": all, "audit": audit})

	file, err := acct.Parse("acct.yaml", []byte(`
fake:
- "idem-*": {address: all}
- idem-status: {address: audit, format: raw, name: audit}
`))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	h, err := hub.Open(ctx, file, hub.WithProviders(provider), hub.WithRunName("nightly"))
	if err != nil {
		log.Fatal(err)
	}
	if err := h.Put(ctx, hub.Event{Profile: "idem-chunk", Body: map[string]any{"step": 1}}); err != nil {
		log.Fatal(err)
	}
	receipt, err := h.PutWait(ctx, hub.Event{Profile: "idem-status", Body: "FINISHED"})
	if err != nil {
		log.Fatal(err)
	}
	for _, result := range receipt.Results {
		fmt.Println(result.Destination, result.State)
	}
	if err := h.Close(ctx); err != nil { // delivers what is left first
		log.Fatal(err)
	}
	for _, broker := range []*providertest.Fake{all, audit} {
		for _, m := range broker.Stored() {
			fmt.Printf("%s: %s\n", m.Profile, m.Body)
		}
	}

	// Output:
	// fake:idem-*@all delivered
	// fake:audit delivered
	// idem-chunk: {"tags": {}, "message": {"step": 1}, "run_name": "nightly"}
	// idem-status: {"tags": {}, "message": "FINISHED", "run_name": "nightly"}
	// idem-status: "FINISHED"
}
