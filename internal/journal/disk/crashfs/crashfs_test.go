package crashfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

const seeds = 300

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes a file whose name and content are durable.
func create(t *testing.T, f *crashfs.FS, name, content string) disk.File {
	t.Helper()
	file := must(f.Create(name))
	must(file.WriteAt([]byte(content), 0))
	check(t, file.Sync())
	check(t, f.SyncDir("."))
	return file
}

func write(t *testing.T, file disk.File, content string, offset int64) {
	t.Helper()
	must(file.WriteAt([]byte(content), offset))
}

// outcomes runs one history with many seeds and counts what it ends in.
func outcomes(history func(f *crashfs.FS) string) map[string]int {
	seen := map[string]int{}
	for seed := range uint64(seeds) {
		seen[history(crashfs.New(seed))]++
	}
	return seen
}

// wantOutcomes checks that these were all seen, and no others.
func wantOutcomes(t *testing.T, seen map[string]int, want ...string) {
	t.Helper()
	got, wanted := map[string]bool{}, map[string]bool{}
	for outcome := range seen {
		got[outcome] = true
	}
	for _, outcome := range want {
		wanted[outcome] = true
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func content(f *crashfs.FS, name string) string {
	b, err := f.Content(name)
	if err != nil {
		return "none"
	}
	return string(b)
}

func names(f *crashfs.FS) string {
	var list []string
	for _, info := range must(f.List(".")) {
		list = append(list, info.Name)
	}
	return strings.Join(list, " ")
}

func TestSyncedContentSurvives(t *testing.T) {
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		create(t, f, "a", "old")
		return content(f.Crash(), "a")
	}), "old")
}

func TestUnsyncedPageIsLostOrKept(t *testing.T) {
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		write(t, create(t, f, "a", "old"), "new", 0)
		return content(f.Crash(), "a")
	}), "old", "new")
}

// TestPagesAreReordered: of two pages written one after the other the second alone may be there.
func TestPagesAreReordered(t *testing.T) {
	const far = 2 * 4096
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", strings.Repeat("-", far+1))
		write(t, file, "1", 0)
		write(t, file, "2", far)
		got := content(f.Crash(), "a")
		return got[:1] + got[far:]
	}), "--", "1-", "-2", "12")
}

// TestPageIsTornAtSectors: a page is never torn inside a sector.
func TestPageIsTornAtSectors(t *testing.T) {
	torn := 0
	for outcome := range outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", strings.Repeat("o", 4096))
		write(t, file, strings.Repeat("n", 4096), 0)
		return content(f.Crash(), "a")
	}) {
		for at := 0; at < 4096; at += 512 {
			if s := outcome[at : at+512]; strings.Trim(s, s[:1]) != "" {
				t.Fatalf("sector %d is torn: %q", at/512, s)
			}
		}
		if strings.Contains(outcome, "o") && strings.Contains(outcome, "n") {
			torn++
		}
	}
	if torn == 0 {
		t.Error("no page was ever torn")
	}
}

func TestSizeIsLostOrKept(t *testing.T) {
	seen := outcomes(func(f *crashfs.FS) string {
		write(t, create(t, f, "a", "12"), "345", 2)
		return content(f.Crash(), "a")
	})
	for _, want := range []string{"12", "12345", "12\x00\x00\x00", "123"} {
		if seen[want] == 0 {
			t.Errorf("%q was never seen, only %v", want, seen)
		}
	}
}

func TestTruncationIsLostOrKept(t *testing.T) {
	seen := outcomes(func(f *crashfs.FS) string {
		check(t, create(t, f, "a", "12345").Truncate(2))
		return content(f.Crash(), "a")
	})
	for _, want := range []string{"12", "12345"} {
		if seen[want] == 0 {
			t.Errorf("%q was never seen, only %v", want, seen)
		}
	}
}

// TestTruncatedBytesDoNotComeBack: what lies behind the size reads as zeros when the file grows again.
func TestTruncatedBytesDoNotComeBack(t *testing.T) {
	f := crashfs.New(1)
	file := create(t, f, "a", strings.Repeat("x", 10_000))
	check(t, file.Truncate(3))
	check(t, file.Truncate(10_000))
	if got := content(f, "a"); strings.Trim(got[3:], "\x00") != "" || got[:3] != "xxx" {
		t.Errorf("old bytes are there again")
	}
}

func TestOlderVersionOfAPage(t *testing.T) {
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", "1")
		write(t, file, "2", 0)
		write(t, file, "3", 0)
		return content(f.Crash(), "a")
	}), "1", "2", "3")
}

func TestPreallocatedBytesAreZeros(t *testing.T) {
	f := crashfs.New(1)
	f.SetCapacity(4 * 4096)
	file := create(t, f, "a", "1")
	check(t, file.Preallocate(0, 3*4096))
	other := must(f.Create("b"))
	must(other.WriteAt(make([]byte, 4096), 0))
	if _, err := other.WriteAt([]byte("x"), 4096); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	must(file.WriteAt(bytes.Repeat([]byte("y"), 3*4096-1), 1)) // has its room
	if got := content(f, "a"); got != "1"+strings.Repeat("y", 3*4096-1) {
		t.Error("wrong content")
	}
}

func TestFailedSyncIsNotMadeUpFor(t *testing.T) {
	seen := outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", "old")
		write(t, file, "new", 0)
		fail := true
		f.SetHook(func(op crashfs.Op) crashfs.Fault {
			if fail && op.Kind == crashfs.Sync {
				return crashfs.Fault{Err: syscall.EIO}
			}
			return crashfs.Fault{}
		})
		if err := file.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("Sync: %v", err)
		}
		cached := content(f, "a")
		fail = false
		check(t, file.Sync())
		return cached + " then " + content(f.Crash(), "a")
	})
	wantOutcomes(t, seen, "new then new", "new then old", "old then old")
}

func TestEvict(t *testing.T) {
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", "old")
		write(t, file, "new", 0)
		f.SetHook(func(op crashfs.Op) crashfs.Fault { return crashfs.Fault{Err: syscall.EIO} })
		if err := file.Sync(); err == nil {
			t.Fatal("Sync did not fail")
		}
		f = f.Kill()
		check(t, f.Evict("."))
		return content(f, "a") + " then " + content(f.Crash(), "a")
	}), "new then new", "old then old")
}

func TestLyingSync(t *testing.T) {
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		f.SetHook(func(op crashfs.Op) crashfs.Fault { return crashfs.Fault{Lie: true} })
		create(t, f, "a", "x")
		return content(f.Crash(), "a")
	}), "none", "", "x", "\x00")
}

func TestNames(t *testing.T) {
	t.Run("created", func(t *testing.T) {
		wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
			must(f.Create("a"))
			must(f.Create("b"))
			return names(f.Crash())
		}), "", "a", "b", "a b")
	})
	t.Run("renamed over another, content not synced", func(t *testing.T) {
		wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
			create(t, f, "a", "old")
			write(t, must(f.Create("tmp")), "new", 0)
			check(t, f.Rename("tmp", "a"))
			next := f.Crash()
			found := content(next, "a")
			if found != "old" && found != "new" {
				found = "damaged"
			}
			return names(next) + ": " + found
		}), "a: old", "a tmp: old", "a: new", "a: damaged")
	})
	t.Run("removed", func(t *testing.T) {
		wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
			check(t, create(t, f, "a", "x").Close())
			check(t, f.Remove("a"))
			return content(f.Crash(), "a")
		}), "none", "x")
	})
	t.Run("between directories", func(t *testing.T) {
		wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
			check(t, f.MkdirAll("d"))
			create(t, f, "a", "x")
			check(t, f.Rename("a", "d/a"))
			next := f.Crash()
			return content(next, "a") + " " + content(next, "d/a")
		}), "x none", "none x", "x x", "none none")
	})
	t.Run("synced", func(t *testing.T) {
		wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
			create(t, f, "a", "x")
			check(t, f.Rename("a", "b"))
			check(t, f.MkdirAll("d"))
			check(t, f.SyncDir("."))
			return names(f.Crash())
		}), "b d")
	})
}

func TestKillKeepsWhatWasWritten(t *testing.T) {
	f := crashfs.New(1)
	file := must(f.Create("a"))
	write(t, file, "x", 0)
	next := f.Kill()
	if got := content(next, "a"); got != "x" {
		t.Errorf("after a kill: %q", got)
	}
	if _, err := file.WriteAt([]byte("y"), 0); !errors.Is(err, crashfs.ErrDead) {
		t.Errorf("a dead process wrote: %v", err)
	}
	wantOutcomes(t, outcomes(func(f *crashfs.FS) string {
		create(t, f, "a", "old")
		write(t, must(f.Open("a")), "new", 0)
		return content(f.Kill().Crash(), "a")
	}), "old", "new")
}

func TestLockEndsWithTheProcess(t *testing.T) {
	f := crashfs.New(1)
	lock := must(f.Lock("LOCK"))
	if _, err := f.Lock("LOCK"); !errors.Is(err, disk.ErrLocked) {
		t.Fatalf("second lock: %v", err)
	}
	check(t, lock.Close())
	must(f.Lock("LOCK"))
	f = f.Kill()
	must(f.Lock("LOCK"))
	must(f.Crash().Lock("LOCK"))
}

func TestCapacity(t *testing.T) {
	f := crashfs.New(1)
	f.SetCapacity(3 * 4096)
	a := must(f.Create("a"))
	n, err := a.WriteAt(make([]byte, 4*4096), 0)
	if n != 3*4096 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d: %v", n, err)
	}
	if _, err := f.Create("b"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("create: %v", err)
	}
	check(t, a.Truncate(1))
	if free := must(f.Free()); free != 2*4096 {
		t.Errorf("free: %d", free)
	}
	check(t, f.Remove("a"))
	if used := f.Used(); used != 4096 {
		t.Errorf("an open file without a name takes %d", used)
	}
	check(t, a.Close())
	if used := f.Used(); used != 0 {
		t.Errorf("still used: %d", used)
	}
}

func TestHook(t *testing.T) {
	f := crashfs.New(1)
	var ops []crashfs.Op
	f.SetHook(func(op crashfs.Op) crashfs.Fault {
		ops = append(ops, op)
		if op.Kind == crashfs.WriteAt && op.N == 2 {
			return crashfs.Fault{Err: syscall.EIO, Short: 2}
		}
		return crashfs.Fault{}
	})
	file := must(f.Create("a"))
	write(t, file, "abc", 0)
	if n, err := file.WriteAt([]byte("def"), 3); n != 2 || !errors.Is(err, syscall.EIO) {
		t.Errorf("short write: %d, %v", n, err)
	}
	want := []crashfs.Op{
		{Kind: crashfs.Create, Name: "a", N: 1}, {Kind: crashfs.WriteAt, Name: "a", N: 1, Len: 3},
		{Kind: crashfs.WriteAt, Name: "a", N: 2, Len: 3},
	}
	if diff := cmp.Diff(want, ops); diff != "" {
		t.Error(diff)
	}
	if got := content(f, "a"); got != "abcde" {
		t.Errorf("content: %q", got)
	}
}

func TestDieAt(t *testing.T) {
	seen := outcomes(func(f *crashfs.FS) string {
		file := create(t, f, "a", "old")
		f.DieAt(2)
		write(t, file, "1", 0)
		if _, err := file.WriteAt([]byte("23"), 1); !errors.Is(err, crashfs.ErrDead) || !f.Dead() {
			t.Fatalf("still alive: %v", err)
		}
		if _, err := f.Open("a"); !errors.Is(err, crashfs.ErrDead) {
			t.Fatalf("after death: %v", err)
		}
		return content(f.Kill(), "a")
	})
	wantOutcomes(t, seen, "1ld", "123") // a kill ends no write within a page
}

func TestSameSeedSameEnd(t *testing.T) {
	end := func() string {
		f := crashfs.New(7)
		for _, name := range []string{"a", "b", "c", "d"} {
			file := must(f.Create(name))
			write(t, file, strings.Repeat(name, 20_000), 0)
		}
		f = f.Crash()
		all := names(f)
		for _, name := range []string{"a", "b", "c", "d"} {
			all += content(f, name)
		}
		return all
	}
	first := end()
	for range 20 {
		if end() != first {
			t.Fatal("the same seed ended in another way")
		}
	}
}

func TestRawAccess(t *testing.T) {
	f := crashfs.New(1)
	create(t, f, "a", "x")
	check(t, f.Put("a", []byte("damaged")))
	check(t, f.Put("b", []byte("foreign")))
	check(t, f.Erase("b"))
	f = f.Crash()
	if got := names(f) + ": " + content(f, "a"); got != "a: damaged" {
		t.Error(got)
	}
	if err := f.Erase("b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Erase: %v", err)
	}
}
