package modelcheck

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/internal/journal/segment"
)

// damage is what was done to a closed journal's files, and what that excuses.
type damage struct {
	what string
	// lost are the records that may be missing now.
	lost map[uint64]bool
	// end: the end of the log was damaged, so that nothing may tell how much there was, or for whom.
	end bool
	// cursors may be older, or gone.
	cursors bool
	// lies: the disk has lied, and nothing is damaged.
	lies bool
}

// logFile is one segment, as it was before it was damaged.
type logFile struct {
	name    string
	content []byte
	header  segment.Header
	frames  []frame
}

type frame struct {
	from, to int64
	kind     segment.Kind
	flags    uint8
	seq      uint64
}

// logFiles reads the segments, oldest first.
func logFiles(fs *crashfs.FS) []logFile {
	infos, err := fs.List("log")
	if err != nil {
		fail("list log: %v", err)
	}
	var files []logFile
	for _, info := range infos {
		if strings.HasSuffix(info.Name, ".seg") {
			files = append(files, readLogFile(fs, "log/"+info.Name))
		}
	}
	slices.SortFunc(files, compareFiles)
	return files
}

// place takes the name of a segment apart: 00000000000000000012.3.seg is the fourth that begins with record 12.
func (f logFile) place() (first, attempt int) {
	stem := strings.TrimSuffix(strings.TrimPrefix(f.name, "log/"), ".seg")
	a, b, _ := strings.Cut(stem, ".")
	first, _ = strconv.Atoi(a)   // 0 if it is none
	attempt, _ = strconv.Atoi(b) // 0 if there is none
	return first, attempt
}

func compareFiles(f, g logFile) int {
	f1, f2 := f.place()
	g1, g2 := g.place()
	return cmp.Or(cmp.Compare(f1, g1), cmp.Compare(f2, g2))
}

func readLogFile(fs *crashfs.FS, name string) logFile {
	content, err := fs.Content(name)
	if err != nil {
		fail("%v", err)
	}
	f := logFile{name: name, content: content}
	if f.header, err = segment.ParseHeader(content); err != nil {
		return f // the rest of a creation that failed
	}
	s := segment.NewScanner(bytes.NewReader(content), f.header.Seed(), segment.HeaderSize, int64(len(content)))
	for s.Next() {
		g := s.Frame()
		f.frames = append(f.frames, frame{g.Offset, g.End(), g.Kind, g.Flags, g.Seq})
	}
	return f
}

// touched says what damage from an offset up to another may take away.
func (f logFile) touched(d *damage, from, to int64) {
	if from < segment.HeaderSize {
		from, to = 0, int64(len(f.content))
	}
	for _, g := range f.frames {
		if g.kind == segment.Event && g.from < to && from < g.to {
			d.lost[g.seq] = true
		}
	}
}

// used is where the frames of a segment end.
func (f logFile) used() int64 {
	if len(f.frames) == 0 {
		return segment.HeaderSize
	}
	return f.frames[len(f.frames)-1].to
}

// openGroup adds the records of the newest group to what may be missing: bad bytes in it are taken for a group that was
// being written.
func (f logFile) openGroup(d *damage) {
	for _, g := range slices.Backward(f.frames) {
		d.lost[g.seq] = true
		if g.flags&segment.First != 0 {
			return
		}
	}
}

// damageKinds are the ways to damage a journal; each returns whether it could.
func damageKinds() map[string]func(*world, *damage) bool {
	return map[string]func(*world, *damage) bool{
		"bit flip":         (*world).flipBit,
		"zeroed range":     (*world).zeroRange,
		"truncation":       (*world).cutFile,
		"garbage tail":     (*world).garbageTail,
		"missing segment":  (*world).loseSegment,
		"missing cursors":  (*world).loseCursors,
		"stale cursors":    (*world).staleCursors,
		"damaged cursors":  (*world).damageCursors,
		"doubled segment":  (*world).doubleSegment,
		"foreign segment":  (*world).foreignSegment,
		"foreign file":     (*world).foreignFile,
		"damaged identity": (*world).damageIdentity,
	}
}

// anySegment chooses a segment with frames to be damaged.
func (w *world) anySegment(d *damage) (logFile, bool) {
	files := logFiles(w.fs)
	for range 10 {
		if len(files) == 0 {
			break
		}
		if i := w.rand.IntN(len(files)); len(files[i].frames) > 0 {
			return choose(files, i, d), true
		}
	}
	return logFile{}, false
}

// choose notes if the segment that is to be damaged is the newest.
func choose(files []logFile, i int, d *damage) logFile {
	f := files[i]
	if i == len(files)-1 {
		d.end = true
		f.openGroup(d)
	}
	d.what += " in " + f.name
	return f
}

func (w *world) replace(name string, content []byte) {
	if err := w.fs.Put(name, content); err != nil {
		fail("%v", err)
	}
}

func (w *world) flipBit(d *damage) bool {
	f, ok := w.anySegment(d)
	if ok {
		at := w.rand.Int64N(f.used())
		f.content[at] ^= 1 << w.rand.IntN(8)
		f.touched(d, at, at+1)
		d.what += fmt.Sprintf(" at %d of %d", at, len(f.content))
		w.replace(f.name, f.content)
	}
	return ok
}

func (w *world) zeroRange(d *damage) bool {
	f, ok := w.anySegment(d)
	if ok {
		from := w.rand.Int64N(f.used())
		to := min(int64(len(f.content)), from+1+w.rand.Int64N(1<<w.rand.IntN(14)))
		clear(f.content[from:to])
		f.touched(d, from, to)
		d.what += fmt.Sprintf(" from %d to %d of %d", from, to, len(f.content))
		w.replace(f.name, f.content)
	}
	return ok
}

func (w *world) cutFile(d *damage) bool {
	f, ok := w.anySegment(d)
	if ok {
		size := w.rand.Int64N(f.used())
		f.touched(d, size, int64(len(f.content)))
		d.what += fmt.Sprintf(" at %d of %d", size, len(f.content))
		w.replace(f.name, f.content[:size])
	}
	return ok
}

// garbageTail puts bytes behind the last frame: random ones, or frames that were there before.
func (w *world) garbageTail(d *damage) bool {
	f, ok := w.anySegment(d)
	if ok {
		garbage := payload(1, 2, 1+w.rand.IntN(3000))
		if w.rand.IntN(3) == 0 {
			from := f.frames[w.rand.IntN(len(f.frames))].from
			garbage = bytes.Clone(f.content[from:f.used()])
		}
		w.replace(f.name, append(f.content[:f.used():f.used()], garbage...))
		d.what += fmt.Sprintf(": %d bytes", len(garbage))
	}
	return ok
}

func (w *world) loseSegment(d *damage) bool {
	f, ok := w.anySegment(d)
	if ok {
		f.touched(d, 0, int64(len(f.content)))
		if err := w.fs.Erase(f.name); err != nil {
			fail("%v", err)
		}
	}
	return ok
}

func (w *world) loseCursors(d *damage) bool {
	d.cursors = true
	return w.fs.Erase("cursors") == nil
}

func (w *world) staleCursors(d *damage) bool {
	d.cursors = true
	if w.oldCursors == nil {
		return false
	}
	w.replace("cursors", w.oldCursors)
	return true
}

func (w *world) damageCursors(d *damage) bool {
	d.cursors = true
	content, err := w.fs.Content("cursors")
	if err != nil || len(content) == 0 {
		return false
	}
	if w.rand.IntN(2) == 0 {
		content[w.rand.IntN(len(content))] ^= 1 << w.rand.IntN(8)
	} else {
		clear(content[w.rand.IntN(len(content)):])
	}
	w.replace("cursors", content)
	return true
}

// doubleSegment copies a segment to another name.
func (w *world) doubleSegment(d *damage) bool {
	f, ok := w.anySegment(d)
	d.lost, d.end = map[uint64]bool{}, false
	if ok {
		name := strings.TrimSuffix(f.name, ".seg") + ".7.seg"
		if w.rand.IntN(2) == 0 {
			name = fmt.Sprintf("log/%020d.seg", 1+w.rand.Uint64N(w.model.last+10))
		}
		if _, err := w.fs.Content(name); err == nil {
			return false
		}
		d.what += " as " + name
		w.replace(name, f.content)
	}
	return ok
}

// foreignSegment puts a segment of another journal beside or in place of one of ours.
func (w *world) foreignSegment(d *damage) bool {
	name := fmt.Sprintf("log/%020d.seg", 1+w.rand.Uint64N(w.model.last+10))
	if _, err := w.fs.Content(name); err == nil || w.rand.IntN(2) == 0 {
		f, ok := w.anySegment(d)
		if !ok {
			return false
		}
		f.touched(d, 0, int64(len(f.content)))
		name = f.name
	}
	fs := crashfs.New(1)
	o := w.options
	o.FS = fs
	other, err := journal.Open("other", o)
	if err != nil {
		fail("open another journal: %v", err)
	}
	numbers, err := other.Assign(names[:3])
	if err == nil {
		err = other.Append([]journal.Record{{Seq: 1, Destinations: numbers, Data: []byte("foreign")}})
	}
	if err == nil {
		err = other.Close()
	}
	files := logFiles(fs)
	if err != nil || len(files) == 0 {
		fail("write another journal: %d files, %v", len(files), err)
	}
	w.replace(name, files[0].content)
	d.what += " as " + name
	return true
}

func (w *world) foreignFile(*damage) bool {
	for _, name := range []string{"log/notes.txt", "readme", "log/1.seg.swp"} {
		w.replace(name, []byte("not ours"))
	}
	return true
}

func (w *world) damageIdentity(d *damage) bool {
	content, err := w.fs.Content("JOURNAL")
	if err != nil || len(content) == 0 {
		fail("no JOURNAL: %v", err)
	}
	if w.rand.IntN(3) == 0 {
		d.what += ": missing"
		return w.fs.Erase("JOURNAL") == nil
	}
	content[w.rand.IntN(len(content))] ^= 1 << w.rand.IntN(8)
	w.replace("JOURNAL", content)
	return true
}
