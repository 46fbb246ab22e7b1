package journal

// request is one call of Read.
type request struct {
	dst      []Entry
	start    int
	limit    int
	bytes    int64
	maxBytes int64
	lost     Totals
	space    []byte // for the data of entries: what is behind its length is free
}

// shared is how many bytes entries share that are given no space.
const shared = 32 << 10

// add appends an entry with a copy of data.
func (q *request) add(seq uint64, data []byte) {
	q.dst = append(q.dst, Entry{Seq: seq, Data: q.copy(data)})
	q.bytes += int64(len(data))
}

func (q *request) copy(data []byte) []byte {
	if len(data) > cap(q.space)-len(q.space) {
		if len(data) > shared/4 {
			return append([]byte(nil), data...)
		}
		q.space = make([]byte, 0, shared)
	}
	start := len(q.space)
	q.space = append(q.space, data...)
	return q.space[start:len(q.space):len(q.space)]
}

func (q *request) none() bool { return len(q.dst) == q.start }

func (q *request) full() bool {
	return len(q.dst)-q.start >= q.limit || q.bytes >= q.maxBytes && !q.none()
}

// result ends a Read. An error waits for the next one if there is something to return before it.
func (q *request) result(err error) ([]Entry, Totals, error) {
	if !q.none() || q.lost != (Totals{}) {
		err = nil
	}
	return q.dst, q.lost, err
}
