package ring_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/ring"
)

func TestItemsComeOutInTheOrderInWhichTheyWentIn(t *testing.T) {
	var r ring.Ring[int]
	var want []int
	random := rand.New(rand.NewPCG(1, 2))
	for next := range 50_000 {
		if random.IntN(20) == 0 { // now and then it runs empty
			for r.Len() > 0 {
				pop(t, &r, &want)
			}
		}
		r.Push(next)
		want = append(want, next)
		if random.IntN(3) == 0 {
			pop(t, &r, &want)
		}
		if r.Len() != len(want) {
			t.Fatalf("Len() = %d, want %d", r.Len(), len(want))
		}
	}
}

func TestALargeRingIsAsGoodAsNewOnceItIsEmpty(t *testing.T) {
	var r ring.Ring[int]
	var got []int
	for i := range 10_000 {
		r.Push(i)
	}
	for r.Len() > 0 {
		r.Pop()
	}
	r.Push(7)
	got = append(got, r.Front(), r.Pop())
	if diff := cmp.Diff([]int{7, 7}, got); diff != "" {
		t.Error(diff)
	}
}

func pop(t *testing.T, r *ring.Ring[int], want *[]int) {
	t.Helper()
	front := r.Front()
	if got := r.Pop(); got != (*want)[0] || front != got {
		t.Fatalf("got %d, front %d, want %d", got, front, (*want)[0])
	}
	*want = (*want)[1:]
}
