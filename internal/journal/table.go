package journal

import (
	"encoding/binary"
	"errors"
	"slices"
)

// table is what a journal knows of its destinations at some point of the log. One stands at the beginning of each
// segment, so that what is in older ones is known without reading them.
type table struct {
	last       uint64 // the highest Seq in the log before the table
	nextNumber uint32
	rows       []row // by rising number
}

// row is a table's line for one destination.
type row struct {
	number   uint32
	active   bool
	accepted Totals
	newest   uint64
	done     Cursor
	name     string
}

const (
	tableHead = 16
	rowHead   = 56
	maxName   = 1<<16 - 1
)

var errTable = errors.New("damaged table")

func (t *table) encode() []byte {
	b := make([]byte, 0, tableHead+len(t.rows)*(rowHead+40))
	b = binary.LittleEndian.AppendUint64(b, t.last)
	b = binary.LittleEndian.AppendUint32(b, t.nextNumber)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(t.rows)))
	for _, r := range t.rows {
		b = binary.LittleEndian.AppendUint32(b, r.number)
		b = append(b, boolByte(r.active), 0)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(r.name)))
		for _, v := range []uint64{
			r.accepted.Events, r.accepted.Bytes, r.newest, r.done.Seq, r.done.Events, r.done.Bytes,
		} {
			b = binary.LittleEndian.AppendUint64(b, v)
		}
		b = append(b, r.name...)
	}
	return b
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func decodeTable(b []byte) (*table, error) {
	if len(b) < tableHead {
		return nil, errTable
	}
	t := &table{last: binary.LittleEndian.Uint64(b), nextNumber: binary.LittleEndian.Uint32(b[8:])}
	count := binary.LittleEndian.Uint32(b[12:])
	b = b[tableHead:]
	if uint64(count)*rowHead > uint64(len(b)) {
		return nil, errTable
	}
	t.rows = make([]row, 0, count)
	previous := uint32(0)
	for range count {
		if len(b) < rowHead {
			return nil, errTable
		}
		name := rowHead + int(binary.LittleEndian.Uint16(b[6:]))
		r := decodeRow(b)
		if name > len(b) || r.number <= previous || r.number >= t.nextNumber {
			return nil, errTable
		}
		r.name = string(b[rowHead:name])
		previous = r.number
		t.rows = append(t.rows, r)
		b = b[name:]
	}
	return t, nil
}

func decodeRow(b []byte) row {
	v := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8+8*i:]) }
	return row{
		number:   binary.LittleEndian.Uint32(b),
		active:   b[4] == 1,
		accepted: Totals{v(0), v(1)},
		newest:   v(2),
		done:     Cursor{Seq: v(3), Totals: Totals{v(4), v(5)}},
	}
}

// mark is what a table says about the past of one destination; segments keep it in memory.
type mark struct {
	number   uint32
	accepted Totals
	newest   uint64
}

// marks is sorted by number.
type marks []mark

func (t *table) marks() marks {
	m := make(marks, len(t.rows))
	for i, r := range t.rows {
		m[i] = mark{r.number, r.accepted, r.newest}
	}
	return m
}

// of returns the mark for number; a number that the table does not have had nothing before it.
func (m marks) of(number uint32) mark {
	i, ok := slices.BinarySearchFunc(m, number, func(k mark, n uint32) int { return int(int64(k.number) - int64(n)) })
	if !ok {
		return mark{number: number}
	}
	return m[i]
}

// at returns the table as it would have been when m was true, behind the Seq last.
func (t *table) at(m marks, last uint64) *table {
	past := &table{last: last, nextNumber: t.nextNumber, rows: slices.Clone(t.rows)}
	for i := range past.rows {
		r := &past.rows[i]
		was := m.of(r.number)
		r.accepted, r.newest = was.accepted, was.newest
	}
	return past
}
