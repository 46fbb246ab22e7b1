package providertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
)

// profile is the profile of the suite's messages: legal as a topic, queue and subject.
const profile = "providertest"

type body struct {
	ID  string `json:"id"`
	Pad string `json:"pad,omitempty"`
}

// ID returns the ID of the suite's message that has this body, or "" if the body is not one of the suite's. Bodies
// are JSON objects on one line.
func ID(b []byte) string {
	var v body
	if json.Unmarshal(b, &v) != nil {
		return ""
	}
	return v.ID
}

// Message returns a message as the suite sends them: number n of the ordering key key, its body padded by pad bytes.
func Message(key string, n, pad int) providers.Message {
	id := fmt.Sprintf("%s-%d", key, n)
	text, err := json.Marshal(body{ID: id, Pad: strings.Repeat("x", pad)})
	if err != nil {
		panic(err)
	}
	return providers.Message{
		Seq:         uint64(n),
		ID:          id,
		Profile:     profile,
		RunName:     "run",
		Key:         key,
		ContentType: "application/json",
		Time:        time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC),
		Attempt:     1,
		Attrs: []providers.Attr{
			{Name: "specversion", Value: "1.0"}, {Name: "id", Value: id},
			{Name: "source", Value: "/evhub/run"}, {Name: "type", Value: profile},
		},
		Body: text,
	}
}

// stream returns n messages of one key.
func stream(key string, n int) []providers.Message {
	var ms []providers.Message
	for i := range n {
		ms = append(ms, Message(key, i+1, 0))
	}
	return ms
}

// interleaved returns n messages of each key, in turns.
func interleaved(n int, keys ...string) []providers.Message {
	var ms []providers.Message
	for i := range n {
		for _, key := range keys {
			ms = append(ms, Message(key, i+1, 0))
		}
	}
	return ms
}
