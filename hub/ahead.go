package hub

import (
	"log/slog"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// ahead reads what one destination is behind with, while the destination delivers what was read before: some pages, to
// the end of what is on disk or to the first error. A goroutine of its own does so.
type ahead struct {
	reader *journal.Reader
	newest func() uint64
	parser *evbus.StoredParser
	pages  *pages
	logger *slog.Logger

	ready chan *page // the last one says why there is nothing behind it
	stop  chan struct{}
	ended chan struct{}
}

// mostAhead is the most pages that wait to be served: more than one, so that neither side waits for the other at each page.
const mostAhead = 8

// start begins to read where the reader stands, as far ahead as that takes about so many bytes of memory, but at least
// one page.
func (a *ahead) start(memory int64) {
	depth := min(max(memory/(2*pageSize), 1), mostAhead) // the records take as much as what they are parsed from
	a.ready, a.stop, a.ended = make(chan *page, depth), make(chan struct{}), make(chan struct{})
	go a.run()
}

// end stops it and waits until nobody uses the reader any more.
func (a *ahead) end() {
	close(a.stop)
	<-a.ended
}

func (a *ahead) run() {
	defer close(a.ended)
	for last := false; !last; {
		p := a.pages.get()
		p.newest = a.newest()
		p.entries, p.gone, p.err = a.reader.ReadInto(p.space, p.entries[:0], cap(p.records), p.most())
		a.parse(p)
		last = p.last()
		select {
		case a.ready <- p:
		case <-a.stop:
			return
		}
	}
}

// parse makes records of the entries, nil of each that is none.
func (a *ahead) parse(p *page) {
	p.records = p.records[:0]
	good := 0
	for i := range p.entries {
		e := &p.entries[i]
		r, err := a.parser.ParseInto(p.memory, e.Seq, e.Data)
		if err != nil {
			a.logger.Error("an event in the journal cannot be read", "seq", e.Seq, "error", err)
			p.records = append(p.records, nil)
			continue
		}
		p.records = append(p.records, r)
		good++
	}
	p.memory.Lend(good)
}
