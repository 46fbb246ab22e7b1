package idemjson

import (
	"encoding/json"
	"strings"
	"testing"
)

// benchBody is about as long as the body of an Idem event.
var benchBody = func() []byte {
	b, err := json.Marshal(map[string]any{
		"tag":         "cloud.instance_|-web-server-01_|-web-server-01_|-present",
		"name":        "web-server-01",
		"changes":     map[string]any{"size": 3, "zone": "eu-central-1a", "labels": []any{"web", "blue", "canary"}},
		"comment":     strings.Repeat("Created the instance and waited until it was running. ", 4),
		"result":      true,
		"old_state":   nil,
		"new_state":   map[string]any{"id": "i-0123456789abcdef0", "state": "running", "cpu": 4, "memory": 16384},
		"__run_num":   17,
		"start_time":  "2024-03-19 12:00:00.123456",
		"esm_tag":     "cloud.instance_|-web-server-01_|-web-server-01_|-",
		"total_time":  12.5,
		"rerun_data":  nil,
		"description": "",
	})
	if err != nil {
		panic(err)
	}
	return b
}()

func benchText(b *testing.B, src []byte) {
	dst := make([]byte, 0, 8*len(src))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendText(dst, src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	spelled, err := AppendText(nil, benchBody)
	if err != nil {
		b.Fatal(err)
	}
	plain := `"` + strings.Repeat("plain ASCII text ", 35) + `"`
	for name, src := range map[string][]byte{
		"compact":   benchBody,
		"spelled":   spelled,
		"plain":     []byte(plain),
		"non-ASCII": []byte(`"` + strings.Repeat("grüße 世界 ", 35) + `"`),
	} {
		b.Run(name, func(b *testing.B) { benchText(b, src) })
	}
}

func BenchmarkValue(b *testing.B) {
	var v any
	if err := json.Unmarshal(benchBody, &v); err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 8*len(benchBody))
	b.SetBytes(int64(len(benchBody)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Append(dst, v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStruct(b *testing.B) {
	type change struct {
		Size   int      `json:"size"`
		Zone   string   `json:"zone"`
		Labels []string `json:"labels,omitempty"`
	}
	v := struct {
		Name    string  `json:"name"`
		Result  bool    `json:"result"`
		Changes change  `json:"changes"`
		Old     *change `json:"old_state"`
		Seconds float64 `json:"total_seconds"`
	}{"web-server-01", true, change{3, "eu-central-1a", []string{"web", "blue"}}, nil, 12.5}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = Append(dst[:0], &v)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkCompact(b *testing.B) {
	spelled, err := AppendText(nil, benchBody)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, len(spelled))
	b.SetBytes(int64(len(spelled)))
	for b.Loop() {
		AppendCompact(dst, spelled)
	}
}
