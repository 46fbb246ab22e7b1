package journal_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
)

// growing is an OS file system whose files get room in another way.
type growing struct {
	disk.FS
	prepare func(f disk.File, offset, n int64) error
}

func (g growing) Create(name string) (disk.File, error) {
	f, err := g.FS.Create(name)
	return growingFile{f, g.prepare}, err
}

type growingFile struct {
	disk.File
	prepare func(f disk.File, offset, n int64) error
}

func (f growingFile) Preallocate(offset, n int64) error { return f.prepare(f.File, offset, n) }

var zeros = make([]byte, 1<<20)

func ways() map[string]func(f disk.File, offset, n int64) error {
	return map[string]func(f disk.File, offset, n int64) error{
		"append": func(disk.File, int64, int64) error { return errors.ErrUnsupported },
		"falloc": func(f disk.File, offset, n int64) error { return f.Preallocate(offset, n) },
		"zeros": func(f disk.File, offset, n int64) error {
			for n > 0 {
				part := min(n, int64(len(zeros)))
				if _, err := f.WriteAt(zeros[:part], offset); err != nil {
					return err
				}
				offset, n = offset+part, n-part
			}
			return nil
		},
	}
}

// BenchmarkAppend: groups of records of 600 bytes for three destinations, with each way of getting room.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		for _, way := range []string{"append", "falloc", "zeros"} {
			b.Run(fmt.Sprintf("%d/%s", size, way), func(b *testing.B) {
				fs, err := disk.NewOS(b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				j, err := journal.Open("b", journal.Options{FS: growing{fs, ways()[way]}, Logger: silent})
				if err != nil {
					b.Fatal(err)
				}
				n, err := j.Assign([]string{"a", "b", "c"})
				if err != nil {
					b.Fatal(err)
				}
				group := make([]journal.Record, size)
				payload := make([]byte, 600)
				seq := uint64(0)
				b.SetBytes(int64(size) * 600)
				b.ReportAllocs()
				for b.Loop() {
					for i := range group {
						seq++
						group[i] = journal.Record{Seq: seq, Destinations: n, Data: payload}
					}
					if err := j.Append(group); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "records/s")
				if err := j.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkRead: a destination that reads its way through a backlog of which it wants all or a tenth.
func BenchmarkRead(b *testing.B) {
	for _, every := range []int{1, 10} {
		b.Run(fmt.Sprintf("1 of %d", every), func(b *testing.B) {
			j, err := journal.Open(b.TempDir(), journal.Options{Logger: silent})
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close()
			n, err := j.Assign([]string{"a", "b"})
			if err != nil {
				b.Fatal(err)
			}
			const count = 200_000
			group := make([]journal.Record, 1000)
			for seq := uint64(1); seq <= count; {
				for i := range group {
					group[i] = journal.Record{Seq: seq, Destinations: n[:1], Data: make([]byte, 600)}
					if seq%uint64(every) == 0 {
						group[i].Destinations = n
					}
					seq++
				}
				if err := j.Append(group); err != nil {
					b.Fatal(err)
				}
			}
			var entries []journal.Entry
			space := make([]byte, 0, 1<<20)
			read := 0
			b.ReportAllocs()
			for b.Loop() {
				r := j.Reader(n[1])
				for {
					entries, _, err = r.ReadInto(space, entries[:0], 1000, int64(cap(space)))
					if err != nil {
						b.Fatal(err)
					}
					if len(entries) == 0 {
						break
					}
					read += len(entries)
				}
				r.Close()
			}
			b.SetBytes(count * 600)
			b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
