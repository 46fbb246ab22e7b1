package crashfs

const (
	pageSize   = 4096
	sectorSize = 512
)

type page [pageSize]byte

// zeros is a page that is allocated and not written. A nil page is a hole. Both read as zeros.
var zeros = new(page)

// image is the content of a file. Images share pages; one that is shared is never written to.
type image struct {
	pages []*page
	size  int64
}

func (m *image) page(i int) *page {
	if i < len(m.pages) {
		return m.pages[i]
	}
	return nil
}

func (m *image) setPage(i int, p *page) {
	for len(m.pages) <= i {
		m.pages = append(m.pages, nil)
	}
	m.pages[i] = p
}

// allocated returns the bytes of all pages that are no holes.
func (m *image) allocated() int64 {
	sum := int64(0)
	for _, p := range m.pages {
		if p != nil {
			sum += pageSize
		}
	}
	return sum
}

// read copies from an offset on and returns how many bytes there were.
func (m *image) read(b []byte, offset int64) int {
	if offset >= m.size {
		return 0
	}
	b = b[:min(int64(len(b)), m.size-offset)]
	for n := 0; n < len(b); {
		at := offset + int64(n)
		part := b[n:min(len(b), n+pageSize-int(at%pageSize))]
		if p := m.page(int(at / pageSize)); p != nil {
			copy(part, p[at%pageSize:])
		} else {
			clear(part)
		}
		n += len(part)
	}
	return len(b)
}

// cut takes away all from size on, which is then within the image or at its end.
func (m *image) cut(size int64) {
	m.size = size
	last := int((size + pageSize - 1) / pageSize)
	if last < len(m.pages) {
		clear(m.pages[last:])
		m.pages = m.pages[:last]
	}
	if rest := size % pageSize; rest != 0 {
		if p := m.page(last - 1); p != nil && p != zeros {
			short := new(page)
			copy(short[:], p[:rest])
			m.pages[last-1] = short
		}
	}
}
