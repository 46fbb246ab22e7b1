package modelcheck

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/journal"
)

// TestConcurrent has everything happen at once, as in a hub: one goroutine puts, one for each destination delivers and
// settles, the journal saves and compacts by itself, until the process is killed or the power cut in the midst of it.
// What is found then must be what the model allows. These histories do not repeat from a seed.
func TestConcurrent(t *testing.T) {
	n := 60
	switch {
	case os.Getenv("EVHUB_SOAK") != "":
		n = 20_000
	case os.Getenv("EVHUB_PROOF") != "":
		n = 2000
	}
	var all figures
	for i := range n {
		seed := rand.Uint64()
		g := game{kinds: kinds, end: (*world).crowd}
		f, err := g.playOne(seed, nil, nil)
		if err != nil {
			t.Fatalf("history %d of seed %d: %v", i, seed, err)
		}
		all.add(f)
	}
	fmt.Printf("proof: model check, concurrent: %v\n", &all)
}

// crowd plays several lives of a journal.
func (w *world) crowd() {
	w.heal()
	w.options.MaxBytes = 0
	w.options.SaveEvery = time.Millisecond
	w.active = names[:3]
	w.restart(true)
	for range 4 {
		w.live()
		w.open()
	}
	w.heal()
	w.forget()
}

// delivery is what one destination was given in one life of the journal.
type delivery struct {
	line  *line
	seqs  []uint64
	acked []int
	err   error
}

// live runs all goroutines until the end of the process, and tells the model what they saw.
func (w *world) live() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var group sync.WaitGroup
	var deliveries []*delivery
	old := w.j
	for _, l := range w.activeLines() {
		d := &delivery{line: l}
		deliveries = append(deliveries, d)
		r, at := old.Reader(l.number), old.Cursor(l.number)
		group.Go(func() { d.err = d.run(ctx, old, r, at) })
	}
	lines, puts := w.activeLines(), 10+w.rand.IntN(100)
	w.fs.DieAt(20 + w.rand.IntN(600))
	for range puts {
		records := w.group(lines)
		w.figures.puts += len(records)
		if err := old.Append(records); err != nil {
			if !w.fs.Dead() {
				fail("put: %v", err)
			}
			w.model.attempts = append(w.model.attempts, records)
			break
		}
		w.figures.acknowledged += len(records)
		w.model.accept(records)
	}
	kill := w.rand.IntN(2) == 0
	w.j = nil
	w.end(kill)
	stop()
	group.Wait()
	_ = old.Close() // a dead one has nothing to say
	for _, d := range deliveries {
		w.compare(d)
	}
}

// run reads and settles until ctx ends or the process is dead.
func (d *delivery) run(ctx context.Context, j *journal.Journal, r *journal.Reader, at journal.Cursor) error {
	defer r.Close()
	r.Seek(at)
	again := time.NewTicker(50 * time.Microsecond)
	defer again.Stop()
	chance := rand.New(rand.NewPCG(uint64(d.line.number), at.Seq))
	for ctx.Err() == nil {
		entries, lost, err := r.Read(nil, 1+chance.IntN(20), 1<<20)
		if lost != (journal.Totals{}) {
			return fmt.Errorf("%+v are said to be lost", lost)
		}
		for _, e := range entries {
			if !genuine(e) {
				return fmt.Errorf("record %d is damaged", e.Seq)
			}
			d.seqs = append(d.seqs, e.Seq)
			at = journal.Cursor{Seq: e.Seq, Totals: at.Plus(journal.Totals{Events: 1, Bytes: uint64(len(e.Data))})}
		}
		if err != nil {
			return nil //nolint:nilerr // the process is dead, which the model finds out
		}
		if len(entries) > 0 && chance.IntN(3) > 0 {
			d.acked = append(d.acked, int(at.Events))
			j.Ack(d.line.number, at)
		}
		if len(entries) == 0 {
			<-again.C
		}
	}
	return nil
}

// genuine reports whether the data are those of some attempt to put the record.
func genuine(e journal.Entry) bool {
	for attempt := range 10 {
		if bytes.Equal(e.Data, payload(e.Seq, attempt, len(e.Data))) {
			return true
		}
	}
	return false
}

// compare checks a delivery against the model, and lets it know what may be settled.
func (w *world) compare(d *delivery) {
	l := d.line
	if d.err != nil {
		fail("%s: %v", l, d.err)
	}
	start := l.done()
	for i, seq := range d.seqs {
		at := start + i
		if at >= len(l.seqs) || l.seqs[at] != seq {
			fail("%s: record %d at place %d was not accepted", l, seq, at)
		}
	}
	for _, n := range d.acked {
		l.settle(n, false)
	}
}
