package evbus

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func record(seq uint64, destinations ...uint32) *Record {
	return &Record{Seq: seq, ID: fmt.Sprint(seq), Destinations: destinations, accepted: time.Unix(int64(seq), 0), size: 300}
}

func seqs(rs []*Record) []uint64 {
	var all []uint64
	for _, r := range rs {
		all = append(all, r.Seq)
	}
	return all
}

func TestMemoryLogGivesEachDestinationItsRecordsInOrder(t *testing.T) {
	l := NewMemoryLog()
	var want [3][]uint64
	for seq := range uint64(1000) {
		var to []uint32
		for d := range uint32(3) {
			if seq%uint64(d+1) == 0 {
				to = append(to, d)
				want[d] = append(want[d], seq)
			}
		}
		if err := l.Append([]*Record{record(seq, to...)}); err != nil {
			t.Fatal(err)
		}
	}
	for d := range uint32(3) {
		if u := l.Unread(d); u.Events != len(want[d]) || !u.Oldest.Equal(time.Unix(0, 0)) {
			t.Errorf("%d: unread %+v", d, u)
		}
		var got []*Record
		for n := -1; n < len(got); {
			n = len(got)
			got, _, _ = l.Read(got, d, 7, 1<<20)
		}
		if !slices.Equal(seqs(got), want[d]) {
			t.Errorf("%d: not every record once and in order", d)
		}
		if u := l.Unread(d); u != (Unread{}) {
			t.Errorf("%d: unread %+v when all is read", d, u)
		}
	}
}

func TestMemoryLogReadsNoMoreThanAsked(t *testing.T) {
	l := NewMemoryLog()
	size := record(1).Size()
	for seq := range uint64(10) {
		_ = l.Append([]*Record{record(seq, 5)})
	}
	if got, _, _ := l.Read(nil, 5, 3, 1<<20); len(got) != 3 {
		t.Errorf("%d records, limit 3", len(got))
	}
	if got, _, _ := l.Read(nil, 5, 100, 2*size); len(got) != 2 {
		t.Errorf("%d records of %d bytes", len(got), 2*size)
	}
	if got, _, _ := l.Read(nil, 5, 100, 1); len(got) != 1 {
		t.Errorf("%d records: one is given, however large", len(got))
	}
	if got, _, _ := l.Read(nil, 77, 100, 1); len(got) != 0 {
		t.Errorf("%d records for a number that has none", len(got))
	}
}
