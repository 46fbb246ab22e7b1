package modelcheck

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// step is one step of a history. What it does in particular comes from its own seed, so that a step can be left out
// without changing another.
type step struct {
	kind kind
	seed uint64
}

type kind struct {
	name   string
	weight int
	do     func(*world)
}

func (s step) String() string { return fmt.Sprintf("%s(%d)", s.kind.name, s.seed) }

// kinds are all steps, with how often they come.
func kinds() []kind {
	return []kind{
		{"put", 40, (*world).put},
		{"deliver", 22, (*world).deliver},
		{"settle", 14, (*world).settle},
		{"catch up", 6, (*world).catchUp},
		{"squeeze", 6, (*world).squeeze},
		{"refuse", 4, (*world).refuse},
		{"rewind", 3, (*world).rewind},
		{"save", 6, (*world).save},
		{"compact", 8, (*world).compact},
		{"reload", 4, (*world).reload},
		{"drop", 2, (*world).drop},
		{"faults", 5, (*world).breakSome},
		{"full", 3, (*world).fill},
		{"die soon", 5, (*world).dieSoon},
		{"kill", 2, func(w *world) { w.restart(true) }},
		{"power cut", 3, func(w *world) { w.restart(false) }},
		{"close", 2, (*world).closeAndOpen},
	}
}

// history makes the steps of a seed.
func (g game) history(seed uint64) []step {
	r := rand.New(rand.NewPCG(seed, 2))
	all, sum := g.kinds(), 0
	for _, k := range all {
		sum += k.weight
	}
	steps := make([]step, 15+r.IntN(60))
	for i := range steps {
		at := r.IntN(sum)
		for _, k := range all {
			if at -= k.weight; at < 0 {
				steps[i] = step{k, r.Uint64()}
				break
			}
		}
	}
	return steps
}

// play plays a history, with the game's end, and returns its figures. It panics with a failure.
func (g game) play(seed uint64, steps []step, log func(string, ...any)) figures {
	w := newWorld(seed, log)
	if g.start != nil {
		g.start(w)
	}
	w.open()
	for _, s := range steps {
		w.rand = rand.New(rand.NewPCG(s.seed, 3))
		w.fs.Reseed(s.seed)
		w.log("%s", s)
		s.kind.do(w)
		w.dump()
		if w.fs.Dead() {
			w.restart(w.rand.IntN(2) == 0)
		}
		w.faults = 0
	}
	w.log("the end")
	g.end(w)
	return w.figures
}

// restart ends the process and opens the journal again.
func (w *world) restart(kill bool) {
	w.log("  dead; kill: %v", kill)
	w.end(kill)
	w.open()
}

func (w *world) put() {
	active := w.activeLines()
	if len(active) == 0 {
		return
	}
	group := w.group(active)
	w.figures.puts += len(group)
	before, reused, inPlace := w.j.Stats().Segments, w.j.Stats().Reused, w.j.Stats().InPlace
	err := w.append(group)
	w.figures.rolls += max(0, w.j.Stats().Segments-before)
	w.figures.reused += int(w.j.Stats().Reused - reused)
	w.figures.inPlace += int(w.j.Stats().InPlace - inPlace)
	w.log("  put %d to %d", group[0].Seq, group[len(group)-1].Seq)
	if w.allowed("put", err) {
		w.figures.acknowledged += len(group)
		w.model.accept(group)
		w.checkLimit()
	} else {
		w.model.attempts = append(w.model.attempts, group)
	}
}

// append appends group, as it is or in batches that several callers might have brought.
func (w *world) append(group []journal.Record) error {
	if w.rand.IntN(2) == 0 {
		return w.j.Append(group)
	}
	d := w.draft
	if w.draft = nil; d == nil || w.rand.IntN(4) == 0 {
		d = w.j.Draft(0, group[0].Seq)
	}
	batches := w.batches(d, group)
	err := w.j.AppendBatches(d, batches...)
	if err != nil && w.rand.IntN(2) == 0 { // what was written from a draft can be written again
		err = w.j.AppendBatches(d, batches...)
	}
	if w.rand.IntN(2) == 0 { // like a hub, which has the next group begin while one is written
		w.draft = w.j.Draft(int64(w.rand.IntN(4)/3*8), group[len(group)-1].Seq+1)
	}
	return err
}

// batches returns group as batches, most of them encoded in d, where others may be that were taken back.
func (w *world) batches(d *journal.Draft, group []journal.Record) (batches []*journal.Batch) {
	for len(group) > 0 {
		n := 1
		for n < len(group) && group[n].Seq == group[n-1].Seq+1 && w.rand.IntN(4) > 0 {
			n++
		}
		if w.rand.IntN(8) == 0 {
			place(d, group[:1])
		}
		b := &journal.Batch{}
		if w.rand.IntN(8) > 0 {
			b = place(d, group[:n])
		}
		b.First = group[0].Seq
		for _, r := range group[:n] {
			b.Add(r.Destinations, stored(r.Data))
		}
		batches = append(batches, b)
		group = group[n:]
	}
	return batches
}

// place returns a batch for records, in d.
func place(d *journal.Draft, records []journal.Record) *journal.Batch {
	b, size := &journal.Batch{}, int64(0)
	for _, r := range records {
		size += journal.FrameSize(r.Destinations, len(r.Data))
	}
	d.Place(b, len(records), size)
	return b
}

// stored are data that are encoded already.
type stored []byte

func (s stored) AppendStored(dst []byte) []byte { return append(dst, s...) }

// checkLimit checks that the log does not take more than MaxBytes, but for what ends segments.
func (w *world) checkLimit() {
	if w.options.MaxBytes == 0 || w.fs.Dead() {
		return
	}
	const ends = 32 << 10
	used := int64(0)
	for _, f := range logFiles(w.fs) {
		used += f.used()
	}
	if used > w.options.MaxBytes+ends {
		fail("the log takes %d bytes, at most %d were allowed", used, w.options.MaxBytes)
	}
}

// group makes the next records. After a failure it is mostly the same again, and then some.
func (w *world) group(active []*line) []journal.Record {
	var group []journal.Record
	n := len(w.model.attempts)
	if n > 0 && w.rand.IntN(4) > 0 && w.canRepeat(w.model.attempts[n-1]) {
		group = slices.Clone(w.model.attempts[n-1])
		if w.rand.IntN(2) == 0 {
			return group
		}
	}
	for range 1 + w.rand.IntN(6) {
		seq := w.model.last + uint64(len(group)) + 1
		var numbers []uint32
		for _, l := range pick(w.rand, active, 1+w.rand.IntN(len(active))) {
			if !l.quiet() || w.rand.IntN(6) == 0 {
				numbers = append(numbers, l.number)
			}
		}
		if numbers == nil {
			numbers = []uint32{active[0].number}
		}
		slices.Sort(numbers)
		group = append(group, journal.Record{Seq: seq, Destinations: numbers, Data: payload(seq, n, w.size())})
	}
	return group
}

// canRepeat reports whether the destinations of a group are still there. One that was dropped, though that was said to have
// failed, is not, from the next start on.
func (w *world) canRepeat(group []journal.Record) bool {
	for _, r := range group {
		for _, number := range r.Destinations {
			if l := w.model.line(number); l == nil || l.dropped {
				return false
			}
		}
	}
	return true
}

// size is that of a record: mostly small, sometimes more than a page, rarely more than a segment.
func (w *world) size() int {
	if w.options.MaxBytes > 0 {
		return 1 + w.rand.IntN(6000)
	}
	switch w.rand.IntN(40) {
	case 0:
		return 0
	case 1, 2, 3, 4:
		return 1000 + w.rand.IntN(5000)
	case 5:
		if w.rand.IntN(5) == 0 {
			return int(w.options.SegmentBytes) + w.rand.IntN(10_000)
		}
	}
	return 1 + w.rand.IntN(300)
}

// anyLine is one of those that are not dropped.
func (w *world) anyLine() *line {
	lines := slices.DeleteFunc(slices.Clone(w.model.lines), func(l *line) bool { return l.dropped })
	if len(lines) == 0 {
		return nil
	}
	return lines[w.rand.IntN(len(lines))]
}

func (w *world) deliver() {
	if l := w.anyLine(); l != nil {
		w.read(l, w.reader(l), 1+w.rand.IntN(20), int64(1+w.rand.IntN(5000)))
		w.log("  %s: up to %d of %d", l, w.reader(l).at, len(l.seqs))
	}
}

// settle moves a cursor, up to what was delivered.
func (w *world) settle() {
	l := w.anyLine()
	if l == nil {
		return
	}
	at, done := w.reader(l).at, l.done()
	if at > done {
		w.ack(l, done+1+w.rand.IntN(at-done))
	}
}

// catchUp delivers and settles nearly all of a line, so that segments keep little.
func (w *world) catchUp() {
	if l := w.anyLine(); l != nil {
		w.catchUpTo(l, w.rand.IntN(3))
	}
}

// catchUpTo delivers all and settles all but some.
func (w *world) catchUpTo(l *line, left int) {
	r := w.reader(l)
	for range 20 {
		if w.read(l, r, 50, 1<<20) {
			break
		}
	}
	if r.at-left > l.done() {
		w.ack(l, r.at-left)
	}
}

// squeeze makes room while some of what is settled is not saved, and often loses that right after, or in the midst of it.
func (w *world) squeeze() {
	lines := slices.DeleteFunc(slices.Clone(w.model.lines), func(l *line) bool { return l.dropped })
	for _, l := range lines {
		left := 0
		if l.quiet() || w.rand.IntN(4) == 0 {
			left = w.rand.IntN(len(l.seqs) + 1)
		}
		w.catchUpTo(l, left)
	}
	w.save()
	for _, l := range lines {
		if n := min(w.reader(l).at, l.done()+1+w.rand.IntN(3)); n > l.done() {
			w.ack(l, n)
		}
	}
	if w.rand.IntN(3) > 0 {
		w.fs.DieAt(1 + w.rand.IntN(12))
	}
	w.compact()
	if w.rand.IntN(2) == 0 {
		w.restart(w.rand.IntN(2) == 0)
	}
}

// refuse settles records that were not even read, as a drop policy does.
func (w *world) refuse() {
	l := w.anyLine()
	if l != nil && len(l.seqs) > l.done() {
		w.figures.refused++
		w.ack(l, l.done()+1)
		if r := w.readers[l.number]; r != nil && r.at < l.done() {
			r.Seek(w.j.Cursor(l.number))
			r.at = l.done()
		}
	}
}

func (w *world) ack(l *line, n int) {
	w.log("  %s: settled %d of %d", l, n, len(l.seqs))
	w.j.Ack(l.number, l.cursor(n))
	l.settle(n, !w.shaky && !w.fs.Dead() && !w.full)
	w.j.Ack(l.number, l.cursor(w.rand.IntN(n+1))) // one that comes late
	if got := w.j.Cursor(l.number); !l.isAt(got, n) {
		fail("%s: the cursor is %+v, want %+v", l, got, l.cursor(n))
	}
}

// rewind has a reader give again what was not settled, as after a lost connection.
func (w *world) rewind() {
	if l := w.anyLine(); l != nil {
		r := w.reader(l)
		r.Seek(w.j.Cursor(l.number))
		r.at = l.done()
	}
}

func (w *world) save() {
	if w.allowed("save", w.j.SyncCursors()) {
		w.shaky = false
		for _, l := range w.model.lines {
			l.found(l.done())
		}
	}
}

func (w *world) compact() {
	before := w.j.Stats().Compactions
	w.allowed("compact", w.j.Compact())
	w.figures.compactions += int(w.j.Stats().Compactions - before)
}

func (w *world) reload() {
	w.active = pick(w.rand, names, w.rand.IntN(len(names)+1))
	w.log("  active: %.8q", w.active)
	w.assign()
}

// drop gives up a destination that is not active, with its backlog.
func (w *world) drop() {
	l := w.anyLine()
	if l == nil || len(w.model.attempts) > 0 || slices.Contains(w.active, l.name) {
		return
	}
	for _, d := range w.j.Destinations() {
		if d.Number == l.number && d.Active { // a reload has failed
			return
		}
	}
	given, err := w.j.Drop(l.name)
	w.log("  %s dropped", l)
	if r := w.readers[l.number]; r != nil {
		r.Close()
		delete(w.readers, l.number)
	}
	if !w.allowed("drop", err) {
		l.maybeDropped = true
		return
	}
	w.figures.dropped++
	l.dropped = true
	if want := l.totals(len(l.seqs)).Minus(l.totals(l.done())); given != (journal.Given{Events: want}) {
		fail("%s: dropped %+v, want %+v", l, given, want)
	}
}

// breakSome makes some operations fail for a while: until the next time, or the next restart.
func (w *world) breakSome() {
	if w.faulty != nil {
		w.inject(nil)
		return
	}
	errs := []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EINTR}
	err := errs[w.rand.IntN(len(errs))]
	among := []crashfs.Kind{
		crashfs.Create, crashfs.Open, crashfs.OpenRead, crashfs.Rename, crashfs.Remove, crashfs.SyncDir, crashfs.ReadAt,
		crashfs.WriteAt, crashfs.Truncate, crashfs.Preallocate, crashfs.Sync,
	}
	broken := pick(w.rand, among, 1+w.rand.IntN(3))
	rate, r := 1+w.rand.IntN(3), rand.New(rand.NewPCG(w.rand.Uint64(), 4))
	w.log("  %v: one of %d of %v", err, rate, broken)
	w.inject(func(op crashfs.Op) crashfs.Fault {
		if !slices.Contains(broken, op.Kind) || r.IntN(rate) > 0 {
			return crashfs.Fault{}
		}
		return crashfs.Fault{Err: err, Short: r.IntN(op.Len + 1), Done: op.Kind == crashfs.Sync && r.IntN(4) == 0}
	})
}

// fill leaves little room on the disk, or makes room again.
func (w *world) fill() {
	if w.full = !w.full; w.full {
		w.fs.SetCapacity(w.fs.Used() + int64(w.rand.IntN(5))*4096)
	} else {
		w.fs.SetCapacity(0)
	}
	w.log("  full: %v", w.full)
}

func (w *world) dieSoon() { w.fs.DieAt(1 + w.rand.IntN(25)) }

func (w *world) closeAndOpen() {
	if _, err := journal.Open("journal", w.options); !isLocked(err) && !w.fs.Dead() && w.faults == 0 {
		fail("a second Open: %v", err)
	}
	j := w.j
	w.j = nil
	err := j.Close()
	clean := w.allowed("close", err) && !w.fs.Dead()
	w.forget()
	if !clean {
		w.end(w.rand.IntN(2) == 0)
	} else {
		w.killed = true
		w.evict()
		for _, l := range w.model.lines {
			l.found(l.done())
		}
		if w.rand.IntN(2) == 0 {
			w.end(false) // which finds all on disk
		}
	}
	w.open()
}
