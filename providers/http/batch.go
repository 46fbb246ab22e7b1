package http

import (
	"crypto/sha256"
	"fmt"

	"github.com/evhub/evhub/providers"
)

// batchForm is how events share a request.
type batchForm string

const (
	noBatch    batchForm = "none"
	arrayBatch batchForm = "array"
	lineBatch  batchForm = "ndjson"
)

// part is what one message adds to a batch.
type part struct {
	index       int // of the message in its flight
	id          string
	content     []byte
	contentType string
}

// parts returns what the messages of f add to a batch. One that can be in no batch has its outcome.
func (f *flight) parts() []part {
	parts := make([]part, 0, len(f.messages))
	for i := range f.messages {
		m := &f.messages[i]
		content, contentType, err := f.session.client.content(m)
		if err == nil && !isJSON(contentType) {
			err = providers.Permanent(f.session.client.failed(fmt.Errorf("%s cannot be in a batch, which is made of JSON", contentType)))
		}
		if err != nil {
			f.outcomes[i] = err
			continue
		}
		parts = append(parts, part{i, m.ID, content, contentType})
	}
	return parts
}

// together posts parts in one request. If that is refused for good it posts them again in halves, in order, until it
// knows for which of them it was: the others are delivered.
func (f *flight) together(parts []part) {
	if len(parts) == 0 {
		return
	}
	c := f.session.client
	key := batchKey(parts)
	err := f.session.deliver(parcel{batchHeaders(key, c.batch.contentType(parts), c.headers), c.batch.join(parts)})
	c.borders.note(parts, key, err)
	if providers.IsPermanent(err) && len(parts) > 1 {
		half := len(parts) / 2
		f.together(parts[:half])
		f.together(parts[half:])
		return
	}
	for _, p := range parts {
		f.outcomes[p.index] = err
	}
}

// batchKey identifies a batch by the IDs of its events and their order.
func batchKey(parts []part) string {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s,", len(p.id), p.id) // so that no two lists of IDs are one text
	}
	return fmt.Sprintf("batch-%x", sum.Sum(nil)[:16])
}

func (b batchForm) contentType(parts []part) string {
	switch {
	case b == lineBatch:
		return "application/x-ndjson"
	case parts[0].contentType == "application/cloudevents+json":
		return "application/cloudevents-batch+json"
	}
	return "application/json"
}

// join writes the body of a batch.
func (b batchForm) join(parts []part) []byte {
	size := 2
	for _, p := range parts {
		size += len(p.content) + 1
	}
	body := make([]byte, 0, size)
	if b == lineBatch {
		for _, p := range parts {
			body = appendLine(body, p.content)
		}
		return body
	}
	body = append(body, '[')
	for i, p := range parts {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, p.content...)
	}
	return append(body, ']')
}

// appendLine appends a JSON document and ends the line. Line breaks in it are space between its parts: in texts JSON
// allows none.
func appendLine(dst, document []byte) []byte {
	start := len(dst)
	dst = append(dst, document...)
	for i, c := range dst[start:] {
		if c == '\n' || c == '\r' {
			dst[start+i] = ' '
		}
	}
	return append(dst, '\n')
}
