package modelcheck

import (
	"math/rand/v2"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// lie is the last step of a history on a disk that says that it has written and has not, until the power fails. What
// was accepted before that is all there, in order; of what was accepted since, some may be missing, and nothing is
// damaged, invented or out of order.
func (w *world) lie() {
	w.heal()
	w.options.MaxBytes = 0
	w.restart(true)
	w.save()
	honest := w.model.last

	always, r := w.rand.IntN(2) == 0, rand.New(rand.NewPCG(w.rand.Uint64(), 5))
	w.inject(func(op crashfs.Op) crashfs.Fault {
		lies := (op.Kind == crashfs.Sync || op.Kind == crashfs.SyncDir) && (always || r.IntN(2) == 0)
		return crashfs.Fault{Lie: lies}
	})
	for range 3 + w.rand.IntN(20) {
		pick(w.rand, []func(*world){(*world).put, (*world).put, (*world).deliver, (*world).settle, (*world).save}, 1)[0](w)
	}
	d := damage{what: "a disk that lies", lost: map[uint64]bool{}, end: true, cursors: true, lies: true}
	for seq := honest + 1; seq <= w.model.last; seq++ {
		d.lost[seq] = true
	}
	w.figures.damaged++
	w.end(false)
	w.findLoss(d)
}

// heal takes all faults away.
func (w *world) heal() {
	w.inject(nil)
	w.fs.SetCapacity(0)
	w.fs.DieAt(0)
	w.full = false
}
