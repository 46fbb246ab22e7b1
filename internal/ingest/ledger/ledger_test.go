package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/evhub/evhub/internal/ingest/ledger"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// world is a process that puts events of a few runs into a journal, dies and starts again.
type world struct {
	t      *testing.T
	fs     *crashfs.FS
	ledger *ledger.Ledger
	rand   *rand.Rand
	minted []ledger.Entry
	// journal has what was put.
	journal map[string]bool
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, fs: crashfs.New(seed), rand: rand.New(rand.NewPCG(seed, 1)), journal: map[string]bool{}}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	l, err := ledger.Open(w.fs, func() (map[string]bool, error) { return w.journal, nil })
	if err != nil {
		w.t.Fatal(err)
	}
	w.ledger = l
}

func (w *world) mint() ledger.Entry {
	id, err := uuid.NewRandomFromReader(reader{w.rand})
	if err != nil {
		w.t.Fatal(err)
	}
	e := ledger.Entry{Ident: fmt.Sprint("run\n", w.rand.IntN(3)), ID: id.String()}
	w.minted = append(w.minted, e)
	return e
}

type reader struct{ rand *rand.Rand }

func (r reader) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(r.rand.Uint32())
	}
	return len(b), nil
}

// group puts up to ten events, and is false if the process died.
func (w *world) group(die bool) bool {
	var entries []ledger.Entry
	for range 1 + w.rand.IntN(10) {
		entries = append(entries, w.mint())
	}
	for _, e := range entries {
		if fresh, err := w.ledger.Claim(e); err != nil || !fresh {
			if errors.Is(err, crashfs.ErrDead) {
				return false
			}
			w.t.Fatalf("a new event is not fresh: %v", err)
		}
	}
	if err := w.ledger.Begin(entries); err != nil {
		if !errors.Is(err, crashfs.ErrDead) {
			w.t.Fatal(err)
		}
		return false
	}
	for i, e := range entries {
		if die && w.rand.IntN(10) == 0 || w.fs.Dead() && i > 0 {
			return false
		}
		w.journal[e.ID] = true
	}
	w.ledger.Done()
	return !w.fs.Dead()
}

// check checks that what is known is what was put.
func (w *world) check(when string) {
	w.t.Helper()
	for _, e := range w.minted {
		known, err := w.ledger.Has(e)
		if err != nil {
			w.t.Fatal(err)
		}
		if known && !w.journal[e.ID] {
			w.t.Fatalf("%s: a gap: %s counts as put and was not", when, e.ID)
		}
		if !known && w.journal[e.ID] {
			w.t.Fatalf("%s: a duplicate to come: %s was put, and is not known", when, e.ID)
		}
	}
}

func TestNoGapAndNoDuplicateWheneverTheProcessDies(t *testing.T) {
	for seed := range uint64(400) {
		w := newWorld(t, seed)
		for life := range 6 {
			if w.rand.IntN(2) == 0 {
				w.fs.DieAt(1 + w.rand.IntN(40))
			}
			for groups := w.rand.IntN(12); groups > 0 && w.group(true); groups-- {
			}
			when := fmt.Sprintf("seed %d, life %d, power cut", seed, life)
			if w.rand.IntN(2) == 0 {
				when = fmt.Sprintf("seed %d, life %d, kill", seed, life)
				w.fs = w.fs.Kill()
			} else {
				w.fs = w.fs.Crash()
			}
			w.open()
			w.check(when)
			if fresh, err := w.ledger.Claim(w.mint()); err != nil || !fresh {
				t.Fatal(fresh, err)
			}
			w.minted = w.minted[:len(w.minted)-1] // it was claimed and never put
		}
	}
}

// TestARecoveryThatDiesIsDoneAgain checks that a ledger can be opened whatever a recovery that was cut off has left.
func TestARecoveryThatDiesIsDoneAgain(t *testing.T) {
	died := 0
	for n := 1; ; n++ {
		w := newWorld(t, 1)
		e := w.mint()
		if _, err := w.ledger.Claim(e); err != nil {
			t.Fatal(err)
		}
		if err := w.ledger.Begin([]ledger.Entry{e}); err != nil {
			t.Fatal(err)
		}
		w.journal[e.ID] = true
		w.fs = w.fs.Kill()
		w.fs.DieAt(n)
		_, _ = ledger.Open(w.fs, func() (map[string]bool, error) { return w.journal, nil })
		if !w.fs.Dead() {
			break
		}
		died++
		w.fs = w.fs.Kill()
		w.open()
		w.check(fmt.Sprintf("dead at %d", n))
	}
	if died < 5 {
		t.Errorf("it died only %d times", died)
	}
}

func TestAnOrderlyEndAsksNoJournal(t *testing.T) {
	w := newWorld(t, 1)
	for range 300 {
		w.group(false)
	}
	if err := w.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(w.fs, func() (map[string]bool, error) { return nil, errors.New("asked") })
	if err != nil {
		t.Fatal(err)
	}
	w.ledger = l
	w.check("after an orderly end")
}

func TestManyRuns(t *testing.T) {
	w := newWorld(t, 1)
	var all []ledger.Entry
	for i := range 300 {
		e := ledger.Entry{Ident: fmt.Sprint("run-", i), ID: uuid.NewString()}
		if err := w.ledger.Begin([]ledger.Entry{e, {Ident: e.Ident, ID: ""}}); err != nil {
			t.Fatal(err)
		}
		w.ledger.Done()
		all = append(all, e)
	}
	for _, e := range all {
		if fresh, err := w.ledger.Claim(e); fresh || err != nil {
			t.Fatalf("%s is forgotten: %v", e.Ident, err)
		}
	}
	if known, err := w.ledger.Has(ledger.Entry{Ident: "run-7", ID: all[8].ID}); known || err != nil {
		t.Errorf("an event counts for another run: %v", err)
	}
}

func TestStatusesOfTheNextRunOfAnIdent(t *testing.T) {
	w := newWorld(t, 1)
	status, event := ledger.Entry{Ident: "r", ID: uuid.NewString(), Status: true}, ledger.Entry{Ident: "r", ID: uuid.NewString()}
	has := func(want bool) {
		t.Helper()
		if known, err := w.ledger.Has(status); known != want || err != nil {
			t.Errorf("the status is known: %v, want %v: %v", known, want, err)
		}
	}
	for round := range 2 {
		if err := w.ledger.Begin([]ledger.Entry{status}); err != nil {
			t.Fatal(err)
		}
		w.ledger.Done()
		has(true)
		if round == 1 {
			break
		}
		if err := w.ledger.Begin([]ledger.Entry{event}); err != nil {
			t.Fatal(err)
		}
		w.ledger.Done()
		has(false)
	}
	if err := w.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	w.open()
	has(true)
}

// TestAFailingDisk checks that what could not be written can be tried again.
func TestAFailingDisk(t *testing.T) {
	for _, kind := range []crashfs.Kind{crashfs.WriteAt, crashfs.Sync, crashfs.Create, crashfs.SyncDir, crashfs.Rename} {
		t.Run(kind.String(), func(t *testing.T) {
			w := newWorld(t, 1)
			w.fs.SetHook(func(op crashfs.Op) crashfs.Fault {
				if op.Kind == kind && strings.Contains(op.Name, ".run") || op.Kind == kind && kind == crashfs.SyncDir {
					if w.rand.IntN(2) == 0 {
						return crashfs.Fault{Err: syscall.EIO}
					}
				}
				return crashfs.Fault{}
			})
			for range 40 {
				e := w.mint()
				for w.ledger.Begin([]ledger.Entry{e}) != nil {
				}
				w.journal[e.ID] = true
				w.ledger.Done()
			}
			w.fs.SetHook(nil)
			w.fs = w.fs.Crash()
			w.open()
			w.check("after a power cut")
		})
	}
}

// TestWhatWasBegunAgainIsInDoubt checks that a group that is written at the second attempt does not count as put.
func TestWhatWasBegunAgainIsInDoubt(t *testing.T) {
	w := newWorld(t, 1)
	e := w.mint()
	if fresh, err := w.ledger.Claim(e); err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	w.fs.SetHook(func(op crashfs.Op) crashfs.Fault { return crashfs.Fault{Err: syscall.EIO} })
	if err := w.ledger.Begin([]ledger.Entry{e}); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	w.fs.SetHook(nil)
	if err := w.ledger.Begin([]ledger.Entry{e}); err != nil {
		t.Fatal(err)
	}
	w.fs = w.fs.Kill()
	w.open()
	w.check("after a kill")
}

// TestARunIsForgottenWithoutTheMarkOfItsLastGroup checks that a mark that the disk did not take is made up for when the
// run is read again.
func TestARunIsForgottenWithoutTheMarkOfItsLastGroup(t *testing.T) {
	w := newWorld(t, 1)
	put := func(ident string) {
		t.Helper()
		e := w.mint()
		e.Ident = ident
		w.minted[len(w.minted)-1] = e
		if err := w.ledger.Begin([]ledger.Entry{e}); err != nil {
			t.Fatal(err)
		}
		w.journal[e.ID] = true
		w.ledger.Done()
	}
	w.fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		if op.Kind == crashfs.WriteAt && op.Len == len(".\n") {
			return crashfs.Fault{Err: syscall.ENOSPC}
		}
		return crashfs.Fault{}
	})
	put("a")
	w.fs.SetHook(nil)
	for i := range 70 {
		put(fmt.Sprint("other ", i))
	}
	put("a")
	put("a")
	w.fs = w.fs.Kill()
	w.open()
	w.check("after a kill")
}

// TestARunWhoseGroupWasBegunBeforeThatOfAnotherFailed checks that a repeated Begin leaves one group of each run to be marked.
func TestARunWhoseGroupWasBegunBeforeThatOfAnotherFailed(t *testing.T) {
	w := newWorld(t, 1)
	mint := func(ident string) ledger.Entry {
		e := w.mint()
		e.Ident = ident
		w.minted[len(w.minted)-1] = e
		return e
	}
	put := func(entries ...ledger.Entry) {
		t.Helper()
		if err := w.ledger.Begin(entries); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			w.journal[e.ID] = true
		}
		w.ledger.Done()
	}
	put(mint("a"))
	w.fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		if op.Kind == crashfs.Create {
			return crashfs.Fault{Err: syscall.ENOSPC}
		}
		return crashfs.Fault{}
	})
	both := []ledger.Entry{mint("a"), mint("b")}
	if err := w.ledger.Begin(both); err == nil {
		t.Fatal("the file of b was made")
	}
	renamed := 0
	w.fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		if op.Kind == crashfs.Rename {
			renamed++
		}
		return crashfs.Fault{}
	})
	put(both...)
	if renamed > 1 {
		t.Error("the file of a, which has the group, was written again")
	}
	put(mint("a"))
	w.fs = w.fs.Kill()
	l, err := ledger.Open(w.fs, func() (map[string]bool, error) { return nil, errors.New("nothing is in doubt") })
	if err != nil {
		t.Fatal(err)
	}
	w.ledger = l
	w.check("after a kill")
}

func TestAVersionToComeIsRefused(t *testing.T) {
	fs := crashfs.New(1)
	f, err := fs.Create("0123.run")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("evhub runner ledger 2 \"r\"\n"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(fs, nil); err == nil || !strings.Contains(err.Error(), "0123.run: it is of version") {
		t.Errorf("%v, want what is wrong, and where", err)
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	w := newWorld(t, 1)
	if _, err := ledger.Open(w.fs, nil); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("%v, want ErrLocked", err)
	}
}

func TestAnUnreadableJournal(t *testing.T) {
	w := newWorld(t, 1)
	if err := w.ledger.Begin([]ledger.Entry{w.mint()}); err != nil {
		t.Fatal(err)
	}
	w.fs = w.fs.Kill()
	if _, err := ledger.Open(w.fs, func() (map[string]bool, error) { return nil, syscall.EIO }); !errors.Is(err, syscall.EIO) {
		t.Errorf("%v, want what is wrong with the journal", err)
	}
	w.open() // the lock was given back
}
