package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

// Event is one that the oracle has minted. Only ID and Key need to be put beside Body; the body alone says which it is.
type Event struct {
	// ID is "run/key/number/size".
	ID string
	// Key is the ordering key.
	Key string
	// Seq counts the events of the key from 0.
	Seq int
	// Body is a JSON object, a function of the ID.
	Body json.RawMessage
}

func newEvent(run, key string, seq, size int) Event {
	id := fmt.Sprintf("%s/%s/%d/%d", run, key, seq, size)
	return Event{ID: id, Key: key, Seq: seq, Body: body(id, size)}
}

// parse makes the event anew from its id.
func parse(id string) (Event, error) {
	var seq, size int
	parts := strings.Split(id, "/")
	if len(parts) != 4 {
		return Event{}, fmt.Errorf("%q is no id of an oracle", id)
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "%d %d", &seq, &size); err != nil {
		return Event{}, fmt.Errorf("%q is no id of an oracle: %w", id, err)
	}
	return newEvent(parts[0], parts[1], seq, size), nil
}

// body is compact JSON of about size bytes that only this id has.
func body(id string, size int) json.RawMessage {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	pad := make([]byte, max(8, size-len(id)-len(`{"id":"","pad":""}`)))
	for i := range pad {
		pad[i] = "0123456789abcdef"[rng.IntN(16)]
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		panic(err) // no string fails
	}
	return fmt.Appendf(nil, `{"id":%s,"pad":"%s"}`, quoted, pad)
}

// identify finds the event that a body belongs to, and whether the body is whole. Spaces between tokens do not count.
func identify(raw []byte) (e Event, whole bool, err error) {
	var named struct{ ID string }
	if err := json.Unmarshal(raw, &named); err != nil {
		return Event{}, false, err
	}
	if e, err = parse(named.ID); err != nil {
		return Event{}, false, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return e, false, err
	}
	return e, bytes.Equal(compact.Bytes(), e.Body), nil
}
