package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/eventline"
	"github.com/evhub/evhub/providers/all"
)

const (
	benchLine = `{"profile": "idem-state", "body": {"name": "state", "result": true, "changes": {"old": [], "new": [1]}}, "tags": {"ref": "states.demo.present", "type": "state-post"}}` + "\n"
	benchAcct = "internal:\n  \"idem-*\": {routing_key: q}\n"
	benchSize = 50_000
)

func perEvent(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchSize), "ns/event")
}

// BenchmarkPutStream is evhub put with a stream of lines; BenchmarkHub is the hub alone with the same events, which
// bounds it.
func BenchmarkPutStream(b *testing.B) {
	acctFile := filepath.Join(b.TempDir(), "acct.yaml")
	if err := os.WriteFile(acctFile, []byte(benchAcct), 0o600); err != nil {
		b.Fatal(err)
	}
	input := []byte(strings.Repeat(benchLine, benchSize))
	for b.Loop() {
		if code := run(b.Context(), []string{"put", "-f", acctFile}, newConsole(bytes.NewReader(input), io.Discard, io.Discard)); code != exitDone {
			b.Fatalf("exit code %d", code)
		}
	}
	perEvent(b)
}

func BenchmarkHub(b *testing.B) {
	e, err := eventline.Parse([]byte(benchLine))
	if err != nil {
		b.Fatal(err)
	}
	events := make([]hub.Event, benchSize)
	for i := range events {
		events[i] = e
	}
	for b.Loop() {
		file, err := acct.Parse("acct.yaml", []byte(benchAcct))
		if err != nil {
			b.Fatal(err)
		}
		h, err := hub.Open(b.Context(), file, hub.WithProviders(all.Providers()...))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := h.PutAll(b.Context(), events); err != nil {
			b.Fatal(err)
		}
		if err := h.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	perEvent(b)
}
