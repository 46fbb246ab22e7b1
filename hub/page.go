package hub

import (
	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// page is what is read from a journal at once: entries, behind what is lost before them, and the records that they are.
// They lie in its memory, which is used again when all records are delivered.
type page struct {
	gone    journal.Totals
	entries []journal.Entry
	records []*evbus.Record // those that were served are gone
	err     error
	newest  uint64 // the newest record that the window knew before the page was read

	served int // of the entries
	space  []byte
	memory *evbus.Page
}

const (
	// pageSize is how much of a journal is read ahead at a time, in bytes; the first pages have less, so that one
	// that has little to catch up with needs little.
	pageSize, firstPage = 256 << 10, 16 << 10
	// eventSize is the size of an event for which a page is just right. Of smaller ones it holds fewer bytes.
	eventSize = 512
	// freePages is how many are kept to be used again: those that are read ahead, and as many in flights.
	freePages = 2 * mostAhead
)

// most is how many bytes of entries are read into the page: so many that the last one mostly has room, too.
func (p *page) most() int64 { return int64(cap(p.space) * 7 / 8) }

// last reports whether there is nothing behind the page: an error, or what is on disk ends.
func (p *page) last() bool { return p.err != nil || len(p.entries) == 0 && p.gone.Events == 0 }

// over reports whether all of the page is served.
func (p *page) over() bool { return p.served == len(p.entries) }

// pages are the memory of what one destination reads ahead.
type pages struct {
	free chan *page
	size int // of the newest
}

func newPages() *pages { return &pages{free: make(chan *page, freePages)} }

// get returns a page that nobody uses.
func (m *pages) get() *page {
	for {
		select {
		case p := <-m.free:
			if cap(p.space) == pageSize {
				return p
			}
		default:
			m.size = min(max(2*m.size, firstPage), pageSize)
			return m.make(m.size)
		}
	}
}

func (m *pages) make(size int) *page {
	events := size / eventSize
	p := &page{space: make([]byte, 0, size), records: make([]*evbus.Record, 0, events)}
	p.memory = evbus.NewPage(events, func() { m.put(p) })
	return p
}

// put takes back a page of which all records are delivered.
func (m *pages) put(p *page) {
	clear(p.entries) // some may have memory of their own
	p.served = 0
	select {
	case m.free <- p:
	default:
	}
}
