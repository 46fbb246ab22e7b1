package main

import (
	"strings"
	"unicode/utf8"
)

// table prints rows in columns. Of a long one it holds back few rows, so that it needs little memory; columns may then
// become wider on the way.
type table struct {
	out    *stream
	widths []int
	rows   [][]string
}

// heldRows is how many rows make up the widths of columns together.
const heldRows = 200

func newTable(out *stream, columns ...string) *table {
	t := &table{out: out, widths: make([]int, len(columns))}
	t.row(columns...)
	return t
}

// row adds a row. What comes from outside must be visible already.
func (t *table) row(cells ...string) {
	t.rows = append(t.rows, cells)
	for i, cell := range cells {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
	}
	if len(t.rows) == heldRows {
		t.flush()
	}
}

// flush prints the rows that are held back.
func (t *table) flush() {
	var b strings.Builder
	for _, cells := range t.rows {
		for i, cell := range cells {
			b.WriteString(cell)
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		b.WriteByte('\n')
	}
	t.rows = t.rows[:0]
	_, _ = t.out.Write([]byte(b.String())) // whoever closed the output does not want it
}
