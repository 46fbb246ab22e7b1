package hub

import (
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// journalLog is the evbus.Log on a journal. Of the newest records it keeps some in memory for each destination, so that
// one that keeps up reads nothing from disk.
type journalLog struct {
	journal *journal.Journal
	logger  *slog.Logger

	mu      sync.Mutex // guards replacing windows
	windows atomic.Pointer[map[uint32]*window]
	group   uint64 // counts what was appended, for push
}

func newJournalLog(j *journal.Journal, logger *slog.Logger) *journalLog {
	l := &journalLog{journal: j, logger: logger}
	l.windows.Store(&map[uint32]*window{})
	return l
}

// Append implements evbus.Log.
func (l *journalLog) Append(group []*evbus.Record) error {
	records := make([]journal.Record, len(group))
	for i, r := range group {
		records[i] = journal.Record{Seq: r.Seq, Destinations: r.Destinations, Data: r.AppendStored(nil)}
	}
	if err := l.journal.Append(records); err != nil {
		return err
	}
	l.group++
	l.push(group)
	return nil
}

// appendBatches is Append for the records of offers, which batches hold.
func (l *journalLog) appendBatches(d *journal.Draft, batches []*journal.Batch, offers []*offer) error {
	if err := l.journal.AppendBatches(d, batches...); err != nil {
		return err
	}
	l.group++
	for _, o := range offers {
		l.push(o.records)
	}
	return nil
}

// push tells the windows that group is on disk.
func (l *journalLog) push(group []*evbus.Record) {
	windows := *l.windows.Load()
	var held *window // neighbours mostly go to the same destination: lock it once for all of them
	for _, r := range group {
		for _, number := range r.Destinations {
			if held == nil || held.number != number {
				if held != nil {
					held.mu.Unlock()
				}
				if held = windows[number]; held == nil {
					continue
				}
				held.mu.Lock()
			}
			held.push(r, l.group)
		}
	}
	if held != nil {
		held.mu.Unlock()
	}
}

// Read implements evbus.Log.
func (l *journalLog) Read(dst []*evbus.Record, number uint32, limit int, maxBytes int64) ([]*evbus.Record, evbus.Lost, error) {
	return l.window(number).take(dst, limit, maxBytes)
}

// Ack implements evbus.Log.
func (l *journalLog) Ack(number uint32, seq uint64) { l.window(number).ack(seq) }

// Unread implements evbus.Log.
func (l *journalLog) Unread(number uint32) evbus.Unread { return l.window(number).waiting() }

// Standing implements evbus.Log. It begins a new window at what the journal knows to be settled.
func (l *journalLog) Standing(number uint32) evbus.Standing {
	w := newWindow(l.journal, number, l.logger)
	l.replace(number, w)
	return evbus.Standing{Done: w.done.Seq, Newest: w.newest, Events: w.unread.Events, Bytes: w.unread.Bytes}
}

func (l *journalLog) replace(number uint32, w *window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	windows := maps.Clone(*l.windows.Load())
	if old := windows[number]; old != nil {
		old.close()
	}
	windows[number] = w
	l.windows.Store(&windows)
}

func (l *journalLog) window(number uint32) *window { return (*l.windows.Load())[number] }

// setMemory bounds the records of a destination that are kept in memory, in bytes.
func (l *journalLog) setMemory(number uint32, bytes int64) { l.window(number).setMemory(bytes) }

func (l *journalLog) close() {
	for _, w := range *l.windows.Load() {
		w.close()
	}
}
