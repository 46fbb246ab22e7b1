package evbus

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"
)

// sealed returns n records of one batch, with a new part before each number in parts.
func sealed(t *testing.T, n int, parts ...int) []*Record {
	t.Helper()
	b := NewSealer("run", 0).Batch(n)
	var records []*Record
	for i := range n {
		for _, p := range parts {
			if i == p {
				b.Part()
			}
		}
		e := Event{Profile: "p", Body: fmt.Sprint(i, strings.Repeat("x", i*97%700)), Tags: map[string]any{"n": i}}
		r, err := b.Seal(e)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
		// One that cannot be sealed leaves nothing behind.
		if _, err := b.Seal(Event{Profile: "p", Tags: []int{1}}); err == nil {
			t.Fatal("tags that are no object were taken")
		}
	}
	return records
}

// Records of a batch share memory and still are whole, apart, and never written to by the next one.
func TestRecordsOfABatchAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for i, r := range sealed(t, 100) {
		if want := fmt.Sprintf(`"%d%s"`, i, strings.Repeat("x", i*97%700)); string(r.Data) != want {
			t.Errorf("record %d has the data %s, want %s", i, r.Data, want)
		}
		if want := fmt.Sprintf(`{"n": %d}`, i); string(r.Tags) != want {
			t.Errorf("record %d has the tags %s, want %s", i, r.Tags, want)
		}
		if len(r.ID) != 36 || seen[r.ID] {
			t.Errorf("record %d has the id %q", i, r.ID)
		}
		seen[r.ID] = true
		if when, err := time.Parse(time.RFC3339Nano, r.timeText); err != nil || !when.Equal(r.Time) {
			t.Errorf("record %d: time %v is spelled %q", i, r.Time, r.timeText)
		}
		if cap(r.Tags) != len(r.Tags) || cap(r.Data) != len(r.Data) {
			t.Errorf("record %d has room to grow into another one", i)
		}
	}
}

// A part keeps nothing alive of the one before, and a record that stands alone nothing of its neighbours.
func TestMemoryOfABatchIsLetGo(t *testing.T) {
	records := sealed(t, 8, 4)
	first, second := weak.Make(records[0]), weak.Make(records[4])
	alone, neighbour := records[0].alone(), records[5]
	clear(records)
	runtime.GC()
	if first.Value() != nil {
		t.Error("a record of the next part, or one that stands alone, keeps the first part")
	}
	if second.Value() == nil {
		t.Error("records of a part do not share memory: the test would see nothing")
	}
	if string(alone.Data) != `"0"` || neighbour.Profile != "p" {
		t.Errorf("%s, %s", alone.Data, neighbour.Profile)
	}
	runtime.KeepAlive(neighbour)
}
