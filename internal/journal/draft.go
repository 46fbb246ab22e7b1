package journal

import (
	"sync"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// Draft is where the batches of one group are put together: each is encoded, beside the others and while the group
// before is being written, in the blocks that will go to disk, and in the place where it will be there. That place is a
// guess. If it turns out wrong, as where a new segment had to be begun, AppendBatches numbers and copies the frames.
//
// Place is called by one at a time, and not after the draft was appended.
type Draft struct {
	seed  segment.Seed
	at    int64  // where the group begins in its file; -1: not known
	first uint64 // its first Seq

	buf   []byte   // made by disk.Blocks; its beginning is that of the block with at in it
	used  int      // bytes of buf, with the room in front for what its first block has of groups before
	in    []*Batch // those that are encoded in buf
	next  uint64   // the Seq of the next record
	bytes int64    // of all that was placed
	full  bool     // a batch found no room, and no later one gets any
}

// Most and least bytes of a draft that are kept in one piece.
const (
	mostDrafted  = 2 << 20
	leastDrafted = 8 << 10
)

// drafts are those that can be used again.
type drafts struct {
	pool sync.Pool // of *Draft
	want int64     // about how large groups are at present, in bytes; only Recycle knows it
}

// tip is where the next group goes.
type tip struct {
	seed segment.Seed
	end  int64
}

// moved notes where the next group goes. The caller holds writing, and mu.
func (j *Journal) moved() {
	if j.active == nil {
		j.tip.Store(nil)
		return
	}
	j.tip.Store(&tip{j.active.seed, j.active.end})
}

// Draft returns a draft for the group that comes after what is durable now and after more bytes of frames. Its first
// record is to have the Seq first. It takes no lock.
func (j *Journal) Draft(after int64, first uint64) *Draft {
	d, _ := j.drafts.pool.Get().(*Draft)
	if d == nil {
		d = &Draft{}
	}
	d.at, d.first, d.next = -1, first, first
	if tip := j.tip.Load(); tip != nil {
		d.seed, d.at = tip.seed, tip.end+after
		d.used = int(d.at % disk.Block)
	}
	return d
}

// Recycle is for when nobody needs d any more, and its batches are reset. One call at a time.
func (j *Journal) Recycle(d *Draft) {
	j.drafts.want = max(j.drafts.want-j.drafts.want/64, d.bytes)
	if want := min(j.drafts.want+disk.Block, mostDrafted); int64(cap(d.buf)) < want {
		d.buf = wholeBlocks(max(want, leastDrafted))
	}
	clear(d.in)
	*d = Draft{buf: d.buf, in: d.in[:0]}
	j.drafts.pool.Put(d)
}

// wholeBlocks returns memory for at least n bytes.
func wholeBlocks(n int64) []byte {
	b := disk.Blocks(int(n))
	return b[:cap(b)]
}

// FrameSize is how many bytes a record for some destinations takes, whose data have size bytes.
func FrameSize(destinations []uint32, size int) int64 {
	return segment.FrameSize(destinationsSize(destinations) + size)
}

// Size is how many bytes of frames were placed.
func (d *Draft) Size() int64 { return d.bytes }

// Place has b, which is empty, encoded next in d: records with size bytes of frames together.
func (d *Draft) Place(b *Batch, records int, size int64) {
	b.next = d.next
	d.next += uint64(records)
	d.bytes += size
	if d.buf == nil {
		d.buf = wholeBlocks(leastDrafted)
	}
	if int64(d.used)+size > int64(len(d.buf)) {
		d.full = true
	}
	if d.full {
		b.wants = int(size)
		return
	}
	end := d.used + int(size)
	b.place(d, d.buf[d.used:d.used:end])
	d.used = end
	d.in = append(d.in, b)
}

// begins reports whether group begins with the batches that are in d, and whether they are what w is to write next.
func (d *Draft) begins(group []*Batch, w *segment.Writer) bool {
	if d == nil || len(d.in) == 0 || len(group) < len(d.in) || d.at != w.Size() || d.seed != w.Seed() {
		return false
	}
	at := d.at % disk.Block
	for i, b := range d.in {
		if group[i] != b || !b.isAt(d.buf[at:]) || b.next != b.last()+1 {
			return false
		}
		at += int64(len(b.frames))
	}
	return at == int64(d.used)
}
