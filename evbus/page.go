package evbus

import "sync/atomic"

// Page is memory for records that are parsed together. It is used again when all of them were delivered: then nobody
// holds them any more. Who does anything else with a record, such as to refuse, drop or copy it, does not release it,
// and the page is left to the garbage collector.
type Page struct {
	records []Record
	used    int
	held    atomic.Int64 // records that are lent
	free    func()
}

// NewPage returns a page with memory for so many records; more than that have memory of their own. free is called when
// all that were lent are released, by whoever releases the last one.
func NewPage(records int, free func()) *Page {
	return &Page{records: make([]Record, records), free: free}
}

// next returns an empty record.
func (p *Page) next() *Record {
	if p.used == len(p.records) {
		return &Record{page: p}
	}
	r := &p.records[p.used]
	p.used++
	r.page = p
	return r
}

// Lend says that n records, all that were parsed into the page, are about to be handed out.
func (p *Page) Lend(n int) { p.held.Store(int64(n)) }

// release notes that nobody holds n of the records any more.
func (p *Page) release(n int) {
	if p == nil || p.held.Add(-int64(n)) > 0 {
		return
	}
	clear(p.records[:p.used]) // of other memory, too
	p.used = 0
	p.free()
}

// release gives back the memory of entries that were delivered.
func release(entries []entry) {
	var page *Page
	n := 0
	for i := range entries {
		if p := entries[i].record.page; p != page {
			page.release(n)
			page, n = p, 0
		}
		n++
	}
	page.release(n)
}
