package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// benchmarkHub has n destinations for every event.
func benchmarkHub(b *testing.B, n int) *rig {
	bs, yaml := brokers{}, "fake:\n"
	for i := range n {
		address := fmt.Sprint("a", i)
		bs[address] = providertest.NewDiscardingFake(providers.Caps{Acked: true, Order: providers.Full})
		yaml += fmt.Sprintf("- idem-*: {address: %s, format: raw}\n", address)
	}
	return open(b, bs, yaml)
}

func benchmarkEvent() hub.Event {
	return hub.Event{Profile: "idem-status", Body: json.RawMessage(`"` + strings.Repeat("x", 600) + `"`)}
}

func BenchmarkPut(b *testing.B) {
	for _, n := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("%d destinations", n), func(b *testing.B) {
			r, e := benchmarkHub(b, n), benchmarkEvent()
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Put(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
			r.flush()
		})
	}
}

// BenchmarkPutFiltered is BenchmarkPut with an event of 20 keys, and filters on none or all of 10 destinations.
func BenchmarkPutFiltered(b *testing.B) {
	body := `{"uuid": "x", "event_data": {"host": "web1", "res": {"rc": 0}}` + strings.Repeat(`, "key": "some more text here"`, 20) + `}`
	e := hub.Event{Profile: "idem-status", Tags: json.RawMessage(`{"type": "state-post", "ref": "x"}`), Body: json.RawMessage(body)}
	for _, filter := range []string{"", `, filter: {tags.type: "*-post", message.event_data.host: "web*"}`, `, filter: {tags.type: "none"}`} {
		b.Run("filter="+filter, func(b *testing.B) {
			bs, yaml := brokers{}, "fake:\n"
			for i := range 10 {
				address := fmt.Sprint("a", i)
				bs[address] = providertest.NewDiscardingFake(providers.Caps{Acked: true, Order: providers.Full})
				yaml += fmt.Sprintf("- idem-*: {address: %s, format: raw%s}\n", address, filter)
			}
			r := open(b, bs, yaml)
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Put(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
			r.flush()
		})
	}
}

func BenchmarkPutNowait(b *testing.B) {
	r, e := benchmarkHub(b, 1), benchmarkEvent()
	b.ReportAllocs()
	refused := 0
	for b.Loop() {
		if r.PutNowait(e) != nil {
			refused++
		}
	}
	r.flush()
	b.ReportMetric(float64(refused)/float64(b.N), "refused/op")
}

func BenchmarkPutAll(b *testing.B) {
	r := benchmarkHub(b, 1)
	es := make([]hub.Event, 500)
	for i := range es {
		es[i] = benchmarkEvent()
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.PutAll(b.Context(), es); err != nil {
			b.Fatal(err)
		}
	}
	r.flush()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(es)), "ns/event")
}

func BenchmarkPutWait(b *testing.B) {
	r, e := benchmarkHub(b, 1), benchmarkEvent()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.PutWait(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
}
