package lane

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/providers"
)

// flight holds its messages encoded: a write that outlives the Wait reads nothing of theirs.
type flight struct {
	session *session
	data    []byte
	ends    []int         // where in data each message ends
	errs    []error       // their outcomes, to be read once done is closed
	done    chan struct{} // closed when each message has its outcome
}

func (s *session) encode(ms []providers.Message) *flight {
	size := 0
	for i := range ms {
		size += len(ms[i].Body) + 1
	}
	f := &flight{
		session: s,
		data:    s.memory(size),
		ends:    make([]int, len(ms)),
		errs:    make([]error, len(ms)),
		done:    make(chan struct{}),
	}
	for i := range ms {
		if data, err := s.sink.Encode(f.data, &ms[i]); err != nil {
			f.errs[i] = providers.Permanent(err)
		} else {
			f.data = data
		}
		f.ends[i] = len(f.data)
	}
	return f
}

// fail gives err to the messages without an error so far.
func (f *flight) fail(err error) { f.cut(0, err, err) }

// cut gives first to the first message that is not wholly among the written bytes, and rest to those behind it.
func (f *flight) cut(written int, first, rest error) {
	err := first
	for i, end := range f.ends {
		if f.errs[i] == nil && end > written {
			f.errs[i] = err
			err = rest
		}
	}
}

// Wait implements providers.Flight.
func (f *flight) Wait(ctx context.Context) error {
	select {
	case <-f.done:
	case <-f.session.gone.Done():
	case <-ctx.Done():
	}
	select {
	case <-f.done:
		f.session.reuse(f.data)
		f.data = nil
		return providers.Batch(f.errs)
	default:
	}
	if err := ctx.Err(); err != nil {
		err = fmt.Errorf("a write takes too long: %w", err)
		f.session.stop(err)
		return err
	}
	return context.Cause(f.session.gone)
}

// keptData is the most memory, in bytes, that is kept of a flight for a later one.
const keptData = 4 << 20

// memory returns an empty slice with room for about size bytes.
func (s *session) memory(size int) []byte {
	select {
	case data := <-s.free:
		if cap(data) >= size {
			return data[:0]
		}
	default:
	}
	return make([]byte, 0, size+size/8)
}

// reuse takes the data of a flight that is written.
func (s *session) reuse(data []byte) {
	if cap(data) > keptData {
		return
	}
	select {
	case s.free <- data:
	default:
	}
}
