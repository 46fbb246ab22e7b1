package zeromq

import (
	"errors"
	"testing"

	"github.com/evhub/evhub/providers"
)

// What may have reached one of several subscribers that are lost is not unsent.
func TestWorst(t *testing.T) {
	err := errors.New("broken")
	early, late := torn([]int{10, 20, 30}, 5, err), torn([]int{10, 20, 30}, 15, err)
	for _, outcomes := range [][]error{{early, late}, {late, early}} {
		batch, ok := errors.AsType[*providers.BatchError](worst(outcomes))
		if !ok {
			t.Fatal("no outcome for each")
		}
		for i, unsent := range []bool{false, false, true} {
			if providers.IsUnsent(batch.Errs[i]) != unsent {
				t.Errorf("message %d: %v", i, batch.Errs[i])
			}
		}
	}
	if err := worst([]error{torn([]int{10}, 0, err), nil}); err != nil {
		t.Errorf("one has all: %v", err)
	}
}
