package ring

import "testing"

// What was taken out is not held, and the memory of a ring that was large is let go.
func TestARingLetsGo(t *testing.T) {
	var r Ring[*int]
	for range 3 * kept {
		r.Push(new(int))
	}
	for range 5 {
		r.Pop()
	}
	for i := range 5 {
		if r.items[i] != nil {
			t.Errorf("item %d is still held", i)
		}
	}
	for r.Len() > 0 {
		r.Pop()
	}
	if r.items != nil {
		t.Errorf("an emptied ring of %d is kept", len(r.items))
	}
}
