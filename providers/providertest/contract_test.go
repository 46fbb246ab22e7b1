package providertest

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The fake keeps the contract with every order and shape of Caps.
func TestFakeContract(t *testing.T) {
	for _, caps := range []providers.Caps{
		{Acked: true, Order: providers.Full},
		{Acked: true, Order: providers.Suffix, BatchMessages: 3, Window: 2},
		{Acked: true, Order: providers.None, BatchMessages: 1, Window: 1},
		{Acked: false, Order: providers.Full, BatchBytes: 200},
	} {
		t.Run(fmt.Sprintf("%v-acked=%v", caps.Order, caps.Acked), func(t *testing.T) {
			Run(t, func(t *testing.T) Target {
				f := NewFake(caps)
				t.Cleanup(func() {
					if live := f.Connections(); live > 0 && !t.Failed() {
						t.Errorf("%d sessions are left open", live)
					}
				})
				return f.Target()
			})
		})
	}
}
