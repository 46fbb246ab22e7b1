package evbus

import "testing"

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestBacklogRoom(t *testing.T) {
	b := backlog{limit: 100}
	if ok, _ := b.reserve(1000); !ok {
		t.Fatal("an empty backlog takes any event")
	}
	ok, room := b.reserve(1)
	if ok || closed(room) {
		t.Fatal("a full backlog took an event")
	}
	b.cancel(1000)
	if !closed(room) {
		t.Error("nobody was told of the room")
	}
	for range 100 {
		if ok, _ = b.reserve(1); !ok {
			t.Fatal("no room below the limit")
		}
	}
	if ok, room = b.reserve(1); ok {
		t.Error("more than the limit")
	}
	b.setLimit(101)
	if !closed(room) {
		t.Error("nobody was told of the new limit")
	}
	if events, bytes, _ := b.counts(); events != 100 || bytes != 100 {
		t.Errorf("%d events, %d bytes", events, bytes)
	}
}

// done reaches what was accepted when the last event settles, in whatever order drops and deliveries come.
func TestBacklogDone(t *testing.T) {
	b := backlog{limit: 100}
	for _, seq := range []uint64{3, 5, 9, 12} {
		b.force(1)
		b.enter(seq, 1)
	}
	flushed := b.flushed()
	b.took(2, 5) // 3 and 5 are in flight
	b.took(1, 9)
	if done := b.settle(1, 1, 0); done != 0 { // 9 is dropped
		t.Errorf("done %d while 3 is in flight", done)
	}
	if done := b.settle(1, 1, 3); done != 3 {
		t.Errorf("done %d, 3 is settled", done)
	}
	if done := b.settle(1, 1, 5); done != 9 {
		t.Errorf("done %d, 9 was dropped before", done)
	}
	if closed(flushed) {
		t.Error("flushed while 12 waits")
	}
	b.took(1, 12)
	b.settle(1, 1, 12)
	if !closed(flushed) || b.flushed() != nil {
		t.Error("not flushed when all is settled")
	}
}

// What is lost behind the last event that was read does not keep a flush waiting.
func TestBacklogWhoseEndIsLost(t *testing.T) {
	b := backlog{limit: 100}
	for _, seq := range []uint64{3, 5} {
		b.force(1)
		b.enter(seq, 1)
	}
	flushed := b.flushed()
	b.lose(Lost{Events: 1, Bytes: 1}) // 5, which was found out before 3 was handed out
	b.took(1, 3)
	if done := b.settle(1, 1, 3); done != 5 || !closed(flushed) {
		t.Errorf("done %d, flushed %v", done, closed(flushed))
	}
}
