package evbus

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// parsedPage returns entries with the records of a page that has memory for two, and how often it was freed.
func parsedPage(t *testing.T, n int) (entries []entry, freed *int) {
	t.Helper()
	freed = new(int)
	page := NewPage(2, func() { *freed++ })
	var p StoredParser
	for i := range n {
		r, err := NewSealer("run", 0).Seal(Event{ID: fmt.Sprint("event-", i), Body: i})
		if err != nil {
			t.Fatal(err)
		}
		if r, err = p.ParseInto(page, uint64(i), r.AppendStored(nil)); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{record: r})
	}
	page.Lend(n)
	return entries, freed
}

func TestAPageIsFreeWhenAllItsRecordsAreReleased(t *testing.T) {
	one, freedOne := parsedPage(t, 4)
	other, freedOther := parsedPage(t, 2)
	own := entry{record: &Record{}}
	release([]entry{one[3], own, one[0], other[1], one[1]})
	if *freedOne != 0 || *freedOther != 0 || one[2].record.ID != "event-2" || other[0].record.ID != "event-0" {
		t.Fatalf("freed %d and %d times with a record left", *freedOne, *freedOther)
	}
	release([]entry{other[0], own, one[2]})
	if *freedOne != 1 || *freedOther != 1 {
		t.Errorf("freed %d and %d times, want once", *freedOne, *freedOther)
	}
	if one[0].record.Data != nil || one[0].record.page != nil {
		t.Error("a free page holds on to other memory")
	}
}

// A dead letter keeps nothing of a page, and is not in it.
func TestALetterIsNotInAPage(t *testing.T) {
	entries, freed := parsedPage(t, 1)
	letter := entries[0].record.alone()
	release(entries)
	release([]entry{{record: letter}})
	if letter.ID != "event-0" || string(letter.Data) != "0" || *freed != 1 {
		t.Errorf("%+v, freed %d times", letter, *freed)
	}
}

func TestTimesOfStoredRecords(t *testing.T) {
	var c clock
	for _, text := range []string{
		"2026-11-22T10:00:00Z", "2026-11-22T10:00:00.5Z", "2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:01.000000001Z",
		"2026-11-22T10:00:01.000000001+01:00", "2026-11-22T10:00:01.1234567891Z", "2026-11-22T10:00:01.Z", "2026-11-22T10:00:01,5Z",
		"2026-11-22T10:00:01.5", "2026-13-22T10:00:01.5Z", "2026-13-22T10:00:01.6Z", "2026-11-22T10:00:01x", "", "Z",
		"2026-11-22T10:00:01.5Z", strings.Repeat("9", 40),
	} {
		want, wantErr := time.Parse(time.RFC3339Nano, text)
		got, err := c.parse([]byte(text))
		if !got.Equal(want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%q: %v, %v; want %v, %v", text, got, err, want, wantErr)
		}
		if err == nil && got.Location().String() != want.Location().String() {
			t.Errorf("%q: in %v, want %v", text, got.Location(), want.Location())
		}
	}
}
