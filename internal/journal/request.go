package journal

// request is one call of Read.
type request struct {
	dst      []Entry
	start    int
	limit    int
	bytes    int64
	maxBytes int64
	lost     Totals
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
