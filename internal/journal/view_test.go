package journal_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// asking is a handler of log records that asks the journal, as one does that puts what is logged as events.
type asking struct {
	slog.Handler
	j *journal.Journal
}

func (a *asking) Enabled(context.Context, slog.Level) bool { return true }

func (a *asking) Handle(context.Context, slog.Record) error {
	if a.j != nil {
		a.j.LastSeq()
	}
	return nil
}

// A segment whose file somebody has removed is told of with no lock held.
func TestWhoIsToldOfALostSegmentMayAskTheJournal(t *testing.T) {
	fs, asks := crashfs.New(1), &asking{Handler: slog.DiscardHandler}
	j := open(t, fs, func(o *journal.Options) { o.Logger = slog.New(asks) })
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 300, n...))
	asks.j = j
	segments, err := fs.List("log")
	if err != nil || len(segments) < 3 {
		t.Fatalf("%d segments, %v", len(segments), err)
	}
	if err := fs.Remove("log/" + segments[0].Name); err != nil {
		t.Fatal(err)
	}
	read := make(chan int, 1)
	go func() {
		seqs, lost := readAll(t, j, n[0])
		read <- len(seqs) + int(lost.Events)
	}()
	select {
	case got := <-read:
		if got != 300 {
			t.Errorf("%d of 300 records were read or told of as lost", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for ever")
	}
}
