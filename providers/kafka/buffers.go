package kafka

import "sync"

// buffers keeps the memory of batches for the next ones. Safe for concurrent use.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return (*p)[:0]
	}
	return make([]byte, 0, 4096)
}

func (b *buffers) put(buf []byte) { b.pool.Put(&buf) }
