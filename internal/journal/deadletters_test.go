package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

func deadTestEnv(fs disk.FS) deadEnv {
	return deadEnv{fs: fs, id: [16]byte{1}, log: slog.New(slog.DiscardHandler), segmentBytes: 1 << 10}
}

func openLetters(t testing.TB, fs disk.FS) *DeadLetters {
	t.Helper()
	d, err := openDeadLetters(deadTestEnv(fs), 7)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// letterOf is the content of the letter with a key.
func letterOf(key uint64) []byte {
	return fmt.Appendf(nil, "letter %d %s", key, strings.Repeat("x", int(key%7)*20))
}

// appendLetters appends n letters whose content says their keys.
func appendLetters(t testing.TB, d *DeadLetters, n int) {
	t.Helper()
	var letters [][]byte
	for i := range n {
		letters = append(letters, letterOf(d.next+uint64(i)))
	}
	if _, err := d.Append(letters); err != nil {
		t.Fatal(err)
	}
}

func removeLetters(t testing.TB, d *DeadLetters, keys ...uint64) {
	t.Helper()
	if n, err := d.Remove(keys...); err != nil || n != len(keys) {
		t.Fatalf("Remove%v: %d, %v", keys, n, err)
	}
}

// keysOf returns the keys of all letters, whose content must be right and agree with the totals.
func keysOf(t testing.TB, d *DeadLetters) (keys []uint64) {
	t.Helper()
	var sum Totals
	for l, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		if string(l.Data) != string(letterOf(l.Key)) {
			t.Fatalf("letter %d is %q", l.Key, l.Data)
		}
		keys = append(keys, l.Key)
		sum = sum.Plus(Totals{1, uint64(len(l.Data))})
	}
	if d.Totals() != sum {
		t.Errorf("Totals %+v, but %+v were read", d.Totals(), sum)
	}
	return keys
}

func wantKeys(t testing.TB, d *DeadLetters, want ...uint64) {
	t.Helper()
	if diff := cmp.Diff(want, keysOf(t, d)); diff != "" {
		t.Errorf("letters: %s", diff)
	}
}

// upTo returns the numbers from a to b.
func upTo(a, b uint64) (keys []uint64) {
	for ; a <= b; a++ {
		keys = append(keys, a)
	}
	return keys
}

// deadNames returns the files of the letters.
func deadNames(t testing.TB, fs disk.FS) (names []string) {
	t.Helper()
	infos, err := fs.List("dead/7")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos {
		names = append(names, i.Name)
	}
	return names
}

func TestLettersAreKeptUntilTheyAreRemoved(t *testing.T) {
	fs := crashfs.New(1)
	d := openLetters(t, fs)
	if infos, err := fs.List("."); err != nil || len(infos) != 0 {
		t.Errorf("opening what has no letters made %v, %v", infos, err)
	}
	wantKeys(t, d)
	appendLetters(t, d, 3)
	appendLetters(t, d, 40)
	removeLetters(t, d, 2, 43, 5)
	if n, err := d.Remove(2, 5, 5, 99, 0); n != 0 || err != nil {
		t.Errorf("Remove of what is not there: %d, %v", n, err)
	}
	if n, err := d.Remove(7, 7, 2); n != 1 || err != nil {
		t.Errorf("Remove of one key twice: %d, %v", n, err)
	}
	want := slices.DeleteFunc(upTo(1, 42), func(k uint64) bool { return k == 2 || k == 5 || k == 7 })
	wantKeys(t, d, want...)
	for _, end := range []func() *crashfs.FS{fs.Kill, fs.Crash} {
		fs = end()
		d = openLetters(t, fs)
		wantKeys(t, d, want...)
		appendLetters(t, d, 1)
		want = append(want, d.next-1)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Append([][]byte{nil}); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after close: %v", err)
	}
	if _, err := d.Remove(1); !errors.Is(err, ErrClosed) {
		t.Errorf("Remove after close: %v", err)
	}
	d = openLetters(t, fs)
	wantKeys(t, d, want...)
	if d.Recovery().TornBytes != 0 || !d.Recovery().Clean() {
		t.Errorf("found %+v", d.Recovery())
	}
	if d.next != 46 {
		t.Errorf("the next key is %d", d.next)
	}
}

func TestLettersMayBeRemovedAndAppendedWhileTheyAreRead(t *testing.T) {
	d := openLetters(t, crashfs.New(1))
	appendLetters(t, d, 100)
	var read []uint64
	for l, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, l.Key)
		removeLetters(t, d, l.Key)
		if l.Key%10 == 0 {
			removeLetters(t, d, l.Key+5)
		}
		appendLetters(t, d, 1)
	}
	want := slices.DeleteFunc(upTo(1, 100), func(k uint64) bool { return k > 10 && k%10 == 5 })
	if diff := cmp.Diff(want, read); diff != "" {
		t.Error(diff)
	}
	wantKeys(t, d, slices.DeleteFunc(upTo(101, 191), func(k uint64) bool { return k == 105 })...)
}

func TestRoomIsGivenBack(t *testing.T) {
	fs := crashfs.New(1)
	d := openLetters(t, fs)
	for range 100 {
		appendLetters(t, d, 10)
	}
	full := fs.Used()
	var last []uint64
	for k := uint64(1); k <= 1000; k++ {
		if k%50 != 0 {
			removeLetters(t, d, k)
		} else {
			last = append(last, k)
		}
	}
	wantKeys(t, d, last...)
	if used := fs.Used(); used > full/4 {
		t.Errorf("%d of %d bytes are used for 20 of 1000 letters", used, full)
	}
	removeLetters(t, d, last...)
	wantKeys(t, d)
	if names := deadNames(t, fs); len(names) > 1 || fs.Used() > 4096 {
		t.Errorf("%d bytes are used for nothing, in %v", fs.Used(), names)
	}
	d = openLetters(t, fs.Kill())
	if d.next != 1001 {
		t.Errorf("the next key is %d: keys would come twice", d.next)
	}
}

func TestManySmallSegmentsAreMerged(t *testing.T) {
	fs := crashfs.New(1)
	for range 50 {
		d := openLetters(t, fs)
		appendLetters(t, d, 1)
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
	}
	d := openLetters(t, fs)
	wantKeys(t, d, upTo(1, 50)...)
	if names := deadNames(t, fs); len(names) > 20 {
		t.Errorf("%d files", len(names))
	}
}

func TestAFullDiskRefusesLettersAndRecovers(t *testing.T) {
	fs := crashfs.New(1)
	d := openLetters(t, fs)
	appendLetters(t, d, 5)
	fs.SetCapacity(fs.Used())
	for range 20 {
		if _, err := d.Append([][]byte{make([]byte, 5000)}); !IsNoRoom(err) {
			t.Fatalf("got %v, want ENOSPC", err)
		}
	}
	wantKeys(t, d, upTo(1, 5)...)
	if names := deadNames(t, fs); len(names) > 2 {
		t.Errorf("failures left files: %v", names)
	}
	made := 0
	d.env.giveWay = func() bool {
		made++
		fs.SetCapacity(fs.Used() + 16<<10)
		return true
	}
	if first, err := d.Append([][]byte{make([]byte, 5000)}); err != nil || made != 1 {
		t.Errorf("room was made %d times: %v", made, err)
	} else {
		removeLetters(t, d, first)
	}
	fs.SetCapacity(0)
	first := d.next
	appendLetters(t, d, 1)
	removeLetters(t, d, 1)
	wantKeys(t, d, 2, 3, 4, 5, first)
	wantKeys(t, openLetters(t, fs.Crash()), 2, 3, 4, 5, first)
}

func TestWhatFailedIsNotListedLater(t *testing.T) {
	for _, kind := range []crashfs.Kind{crashfs.Sync, crashfs.WriteAt} {
		fs := crashfs.New(1)
		d := openLetters(t, fs)
		appendLetters(t, d, 2)
		fs.SetHook(func(op crashfs.Op) crashfs.Fault {
			if op.Kind == kind || op.Kind == crashfs.Truncate {
				return crashfs.Fault{Err: syscall.EIO, Done: true}
			}
			return crashfs.Fault{}
		})
		if _, err := d.Append([][]byte{letterOf(3), letterOf(4)}); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		wantKeys(t, d, 1, 2)
		fs.SetHook(nil)
		appendLetters(t, d, 2)
		wantKeys(t, d, 1, 2, 5, 6)
		d = openLetters(t, fs.Kill())
		wantKeys(t, d, 1, 2, 5, 6)
		removeLetters(t, d, 1, 2)
		d.compact()
		wantKeys(t, d, 5, 6)
	}
}
