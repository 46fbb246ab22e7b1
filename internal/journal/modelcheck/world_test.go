package modelcheck

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// names are the identities that come and go; with the long ones a table is more than a sector.
var names = []string{"kafka/a", "amqp/b", "http/" + strings.Repeat("c", 300), "nats/d", "file/" + strings.Repeat("e", 900)}

// world is one history under way: the journal, its disk, and what the model says.
type world struct {
	rand    *rand.Rand
	fs      *crashfs.FS
	options journal.Options
	j       *journal.Journal
	draft   *journal.Draft // for the next group; nil: not begun
	id      string
	model   model
	active  []string
	readers map[uint32]*reader
	killed  bool // the last end was no power cut
	faults  int  // injected in this step
	faulty  func(crashfs.Op) crashfs.Fault
	shaky   bool // something failed since the cursors were last saved, so that a kill may lose some
	full    bool // the disk has a capacity now
	figures figures

	oldCursors []byte // the file as it was some time ago
	left       []left
	letters    *letters // nil: this history has none
	quiet      bool
	dumped     map[string]string
	log        func(format string, args ...any)
}

// reader is a Reader, and how many records of its line it has given.
type reader struct {
	*journal.Reader
	at int
}

// failure is what a check panics with; the history ends there.
type failure struct{ text string }

func fail(format string, args ...any) { panic(failure{fmt.Sprintf(format, args...)}) }

// newWorld makes the world of a history, which says what it does to log unless that is nil.
func newWorld(seed uint64, log func(string, ...any)) *world {
	quiet := log == nil
	if quiet {
		log = func(string, ...any) {}
	}
	w := &world{
		quiet:   quiet,
		dumped:  map[string]string{},
		rand:    rand.New(rand.NewPCG(seed, 1)),
		fs:      crashfs.New(seed),
		readers: map[uint32]*reader{},
		model:   model{records: map[uint64]journal.Record{}},
		log:     log,
	}
	w.options = journal.Options{
		Logger:       slog.New(slog.DiscardHandler),
		SegmentBytes: 4096 << w.rand.IntN(4),
		SaveEvery:    -1, // only when a step says so
	}
	if w.rand.IntN(10) == 0 {
		w.options.MaxBytes = 64 << 10 * int64(4+w.rand.IntN(2))
	}
	w.active = pick(w.rand, names, 1+w.rand.IntN(3))
	return w
}

// pick returns n of all, in some order.
func pick[T any](r *rand.Rand, all []T, n int) []T {
	some := slices.Clone(all)
	r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some[:n]
}

// allowed checks an error: there must be a reason for it. It reports whether there was none.
func (w *world) allowed(what string, err error) bool {
	switch {
	case err == nil:
		return true
	case w.fs.Dead(), w.faults > 0:
	case journal.IsNoRoom(err) && (w.full || w.options.MaxBytes > 0):
		w.figures.noRoom++
	default:
		fail("%s failed though nothing was wrong: %v", what, err)
	}
	w.log("  %s: %v", what, err)
	return false
}

// inject makes operations fail from now on.
func (w *world) inject(f func(crashfs.Op) crashfs.Fault) {
	w.faulty = f
	if f == nil {
		w.fs.SetHook(nil)
		return
	}
	w.fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		fault := f(op)
		if fault != (crashfs.Fault{}) {
			w.faults++
			w.shaky = true
		}
		return fault
	})
}

// end ends the process with a kill or a power cut.
func (w *world) end(kill bool) {
	old := w.fs
	if w.killed = kill; kill {
		w.figures.kills++
		w.fs = old.Kill()
		w.evict()
	} else {
		w.figures.cuts++
		w.fs = old.Crash()
	}
	w.forget()
	w.full = false
	w.fs.SetCapacity(0)
}

// evict takes groups whose Sync has failed out of the page cache, where a process that is killed leaves them: the next
// one would take them for records, and the power cut after that would take them away. No one was told that they are
// accepted, so that is no fault. With cursors it would be one.
func (w *world) evict() {
	for _, dir := range []string{"log", "dead"} {
		_ = w.fs.Evict(dir) // it may not be there yet
	}
}

// forget leaves a journal that is dead or closed.
func (w *world) forget() {
	for _, r := range w.readers {
		r.Close()
	}
	clear(w.readers)
	if w.j != nil {
		_ = w.j.Close() // a dead one has nothing to say
	}
	w.j, w.faulty = nil, nil
	w.fs.SetHook(nil)
}

// open opens the journal, if need be several times, as it may die while it does.
func (w *world) open() {
	look := w.rand.IntN(4) == 0 // which takes as long as all the rest
	for {
		if look {
			w.look("before it is opened")
		}
		if w.rand.IntN(5) == 0 {
			w.fs.DieAt(1 + w.rand.IntN(12))
		}
		w.options.FS = w.fs
		j, err := journal.Open("journal", w.options)
		w.j, w.draft = j, nil
		if w.allowed("open", err) && !w.fs.Dead() {
			w.fs.DieAt(0)
			break
		}
		w.log("  died while opening")
		w.end(w.killed && w.rand.IntN(2) == 0)
	}
	if w.id == "" {
		w.id = w.j.ID()
	}
	if w.j.ID() != w.id {
		fail("the journal's id was %s, is %s", w.id, w.j.ID())
	}
	w.verify()
	if look {
		w.look("at what was opened")
		checkHealthy("who opened it", w.j)
	}
	w.shaky = false
	w.assign()
	if w.letters != nil {
		w.openLetters()
	}
}

// assign tells the journal what is active and checks the numbers.
func (w *world) assign() {
	numbers, err := w.j.Assign(w.active)
	if !w.allowed("assign", err) {
		return
	}
	if len(numbers) != len(w.active) {
		fail("assign: %d numbers for %d names", len(numbers), len(w.active))
	}
	for i, name := range w.active {
		number, known := numbers[i], w.numberOf(name)
		switch l := w.model.line(number); {
		case known != 0 && number != known:
			fail("%s was %d, is %d", name, known, number)
		case known == 0 && l != nil:
			fail("number %d of %s is used again for %s", number, l.name, name)
		case known != 0:
			l.maybeDropped = false
		case known == 0:
			w.log("  %.8s is %d", name, number)
			w.model.lines = append(w.model.lines, &line{number: number, name: name, acked: []int{0}})
		}
	}
}

func (w *world) numberOf(name string) uint32 {
	for _, l := range w.model.lines {
		if l.name == name && !l.dropped {
			return l.number
		}
	}
	return 0
}

// lines returns the lines that can be given records.
func (w *world) activeLines() []*line {
	var active []*line
	for _, l := range w.model.lines {
		if !l.dropped && slices.Contains(w.active, l.name) {
			active = append(active, l)
		}
	}
	return active
}

// reader returns the reader of a line; a new one starts where the cursor is.
func (w *world) reader(l *line) *reader {
	r := w.readers[l.number]
	if r == nil {
		r = &reader{Reader: w.j.Reader(l.number), at: l.done()}
		r.Seek(w.j.Cursor(l.number))
		w.readers[l.number] = r
	}
	return r
}

// read reads once and checks every record. It reports whether the reader has caught up.
func (w *world) read(l *line, r *reader, limit int, maxBytes int64) bool {
	entries, lost, err := r.Read(nil, limit, maxBytes)
	ok := w.allowed("read", err)
	if lost != (journal.Totals{}) {
		fail("%s: %+v are said to be lost", l, lost)
	}
	if len(entries) > limit {
		fail("%s: %d entries, at most %d were wanted", l, len(entries), limit)
	}
	for _, e := range entries {
		if r.at == len(l.seqs) {
			fail("%s: record %d is invented", l, e.Seq)
		}
		if want := l.seqs[r.at]; e.Seq != want {
			fail("%s: got record %d, want %d", l, e.Seq, want)
		}
		if !bytes.Equal(e.Data, w.model.records[e.Seq].Data) {
			fail("%s: record %d is damaged", l, e.Seq)
		}
		r.at++
	}
	if ok && len(entries) == 0 {
		if r.at < len(l.seqs) {
			fail("%s: nothing more to read, but %d records from %d on were accepted", l, len(l.seqs)-r.at, l.seqs[r.at])
		}
		return true
	}
	return false
}

// isLocked is what a second Open must fail with.
func isLocked(err error) bool { return errors.Is(err, disk.ErrLocked) }
