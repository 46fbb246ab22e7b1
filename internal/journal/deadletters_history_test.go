package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// fate is what the caller of DeadLetters knows of a letter.
type fate uint8

const (
	kept        fate = iota // Append returned nil
	unsure                  // Append failed, and it was not listed since then
	maybe                   // Remove failed, or Append did and it is listed: each crash may change that
	gone                    // Remove returned nil
	neverListed             // Append failed, and later ones did not: it must not appear
)

// deadHistory plays random calls against a disk that fails, is killed and crashes.
type deadHistory struct {
	t     *testing.T
	r     *rand.Rand
	fs    *crashfs.FS
	d     *DeadLetters
	fates map[uint64]fate
	seen  struct{ torn, compacted, failed, cuts int }
}

func (h *deadHistory) fault(op crashfs.Op) crashfs.Fault {
	if h.r.IntN(40) != 0 || op.Kind == crashfs.OpenRead || op.Kind == crashfs.ReadAt || op.Kind == crashfs.List {
		return crashfs.Fault{}
	}
	f := crashfs.Fault{Err: syscall.EIO, Done: h.r.IntN(2) == 0}
	if h.r.IntN(2) == 0 {
		f.Err = syscall.ENOSPC
	}
	if op.Kind == crashfs.WriteAt {
		f.Short = h.r.IntN(op.Len + 1)
	}
	return f
}

func (h *deadHistory) append() {
	var letters [][]byte
	first := h.d.next
	n := uint64(1 + h.r.IntN(6))
	for i := range n {
		letters = append(letters, letterOf(first+i))
	}
	got, err := h.d.Append(letters)
	if err == nil && got != first {
		h.t.Fatalf("first key %d, want %d", got, first)
	}
	for i := range n {
		h.fates[first+i] = kept
		if err != nil {
			h.fates[first+i] = unsure
		}
	}
	if err != nil {
		h.seen.failed++
		return
	}
	for k, f := range h.fates {
		if f == unsure {
			h.fates[k] = neverListed
		}
	}
}

func (h *deadHistory) remove() {
	var keys []uint64
	for k := uint64(0); k < h.d.next; k++ {
		if f, ok := h.fates[k]; ok && f <= maybe && h.r.IntN(4) == 0 {
			keys = append(keys, k)
		}
	}
	_, err := h.d.Remove(keys...)
	for _, k := range keys {
		switch {
		case h.fates[k] == unsure: // not listed, so not removed
		case err == nil:
			h.fates[k] = gone
		default:
			h.fates[k] = maybe
		}
	}
}

// check compares what is listed with what must be and may be.
func (h *deadHistory) check(opened bool) {
	listed := map[uint64]bool{}
	last := uint64(0)
	for _, k := range keysOf(h.t, h.d) {
		if k <= last {
			h.t.Fatalf("letter %d behind %d", k, last)
		}
		listed[k], last = true, k
		if f, ok := h.fates[k]; !ok || f == gone || f == neverListed || (f == unsure && !opened) {
			h.t.Fatalf("letter %d is listed, though it is %d", k, f)
		}
	}
	for k, f := range h.fates {
		switch {
		case f == kept && !listed[k]:
			h.t.Fatalf("letter %d is lost", k)
		case f == unsure && listed[k]:
			h.fates[k] = maybe // it was never acknowledged, and only the next sync makes it durable
		case f == unsure && opened:
			h.fates[k] = neverListed
		}
	}
}

func (h *deadHistory) restart() {
	switch h.r.IntN(4) {
	case 0:
		_ = h.d.close()
		h.fs = h.fs.Kill()
	case 1:
		h.fs = h.fs.Kill()
	case 2:
		_ = h.d.close()
		h.fs = h.fs.Crash()
	default:
		h.fs = h.fs.Crash()
		h.seen.cuts++
	}
	h.fs.SetHook(h.fault)
	for {
		d, err := openDeadLetters(deadTestEnv(h.fs), 7)
		if err == nil {
			h.d = d
			break
		}
		if !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) {
			h.t.Fatal(err)
		}
	}
	h.seen.torn += int(h.d.found.TornBytes)
	if !h.d.found.Clean() {
		h.t.Fatalf("damage without any: %+v", h.d.found)
	}
	h.check(true)
}

func playDeadHistory(t *testing.T, seed uint64, total *deadHistory) {
	h := &deadHistory{t: t, r: rand.New(rand.NewPCG(seed, 1)), fs: crashfs.New(seed), fates: map[uint64]fate{}}
	h.d = openLetters(t, h.fs)
	h.fs.SetHook(h.fault)
	defer func() {
		if t.Failed() {
			t.Logf("EVHUB_SEED=%d repeats it", seed)
		}
	}()
	for range 10 + h.r.IntN(60) {
		if h.r.IntN(12) == 0 {
			h.fs.DieAt(1 + h.r.IntN(20))
		}
		switch n := h.r.IntN(10); {
		case n < 5:
			h.append()
		case n < 8:
			h.remove()
		case n == 8 && !h.fs.Dead():
			h.check(false)
		default:
			h.restart()
		}
		if h.fs.Dead() {
			h.restart()
		}
	}
	h.fs.SetHook(nil)
	h.fs = h.fs.Crash()
	h.d = openLetters(t, h.fs)
	h.check(true)
	total.seen.torn += h.seen.torn
	total.seen.failed += h.seen.failed
	total.seen.cuts += h.seen.cuts
}

func TestDeadLetterHistories(t *testing.T) {
	n, first := 400, rand.Uint64N(1<<40)
	switch {
	case os.Getenv("EVHUB_SOAK") != "":
		n = 1_000_000
	case os.Getenv("EVHUB_PROOF") != "":
		n = 20_000
	case testing.Short():
		n = 200
	}
	if text := os.Getenv("EVHUB_SEED"); text != "" {
		n = 1
		first, _ = strconv.ParseUint(text, 10, 64)
	}
	if text := os.Getenv("EVHUB_HISTORIES"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	var total deadHistory
	for i := range n {
		if !t.Run(fmt.Sprint(i), func(t *testing.T) { playDeadHistory(t, first+uint64(i), &total) }) {
			break
		}
	}
	if n >= 200 && (total.seen.torn == 0 || total.seen.failed == 0 || total.seen.cuts == 0) {
		t.Errorf("something never happened: %+v", total.seen)
	}
}
