package kafka

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
)

// BenchmarkEncode measures what one event of 600 bytes costs until its batch can be written, in a batch of 500.
func BenchmarkEncode(b *testing.B) {
	message := providers.Message{
		ID: "0190b5a0-0000-7000-8000-000000000000", Profile: "idem-run", ContentType: "application/json", Body: make([]byte, 600),
		Attrs: []providers.Attr{
			{Name: "specversion", Value: "1.0"}, {Name: "id", Value: "0190b5a0-0000-7000-8000-000000000000"},
			{Name: "source", Value: "/evhub/nightly"}, {Name: "type", Value: "idem-run"}, {Name: "time", Value: "2026-01-01T00:00:00.000000Z"},
			{Name: "datacontenttype", Value: "application/json"}, {Name: "runname", Value: "nightly"}, {Name: "partitionkey", Value: "idem-run"},
		},
	}
	ms := make([]providers.Message, 500)
	for i := range ms {
		ms[i] = message
	}
	for name, partitions := range map[string]int{"1 partition": 1, "4 partitions": 4} {
		b.Run(name, func(b *testing.B) {
			p := newProducer(Default(), providers.Env{Timeout: time.Second}, security{})
			s := newSession(p, nil, cluster{})
			t := s.newTopic("events")
			s.setLeaders(t, make([]int32, partitions))
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(ms) {
				f := newFlight(s, ms)
				s.packer.begin(time.Now())
				for i := range ms {
					if err := s.packer.add(t, f, int32(i)); err != nil {
						b.Fatal(err)
					}
				}
				for _, batch := range s.packer.finish() {
					batch.stamp(1)
					s.producer.buffers.put(batch.buf)
				}
			}
		})
	}
}

// TestCompressionDoesNotGrow: what a codec cannot make smaller stays as it is, and so below the limits it was cut for.
func TestCompressionDoesNotGrow(t *testing.T) {
	body := make([]byte, 10_000)
	rand.NewChaCha8([32]byte{}).Read(body)
	for _, name := range []string{"gzip", "snappy", "lz4", "zstd"} {
		codec, _ := codecOf(name)
		b := batch{flight: &flight{ms: []providers.Message{{Body: body}}}}
		b.begin(0)
		b.add(recordFormat{}, 0, recordFormat{}.size(&b.flight.ms[0], 0))
		plain := len(b.buf)
		if b.seal(codec, &buffers{}); len(b.buf) > plain {
			t.Errorf("%s: %d bytes instead of %d", name, len(b.buf), plain)
		}
	}
}
