package providertest_test

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// A broker that stores the first message, does not say so, and is found again.
func ExampleFake() {
	broker := providertest.NewFake(providers.Caps{Acked: true, Order: providers.Full})
	broker.Once("a-1", providertest.LoseAnswer())

	ctx := context.Background()
	m := providertest.Message("a", 1, 0)
	for m.Attempt = 1; ; m.Attempt++ {
		session, err := broker.Dial(ctx)
		if err != nil {
			panic(err)
		}
		err = session.Send(ctx, []providers.Message{m}).Wait(ctx)
		_ = session.Close(ctx)
		if err == nil {
			break
		}
		fmt.Println(err)
	}
	for _, m := range broker.Stored() {
		fmt.Println(m.ID, "attempt", m.Attempt)
	}
	fmt.Println(broker.Stats().Duplicates, "duplicate;", len(broker.Misuse()), "mistakes")
	// Output:
	// 1 of 1 messages failed; the first: the connection to the fake broker is lost
	// a-1 attempt 1
	// a-1 attempt 2
	// 1 duplicate; 0 mistakes
}
