package oracle_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/evhub/evhub/integration/oracle"
)

// run mints five events of one key, has them accepted, and lets a witness see what deliver makes of them.
func run(deliver func(bodies [][]byte) [][]byte) oracle.Verdict {
	o := oracle.New("self")
	var bodies [][]byte
	for range 5 {
		e := o.Mint("k")
		o.Accept(e.ID)
		bodies = append(bodies, e.Body)
	}
	w := o.Witness("here")
	for _, b := range deliver(bodies) {
		w.Observe(b)
	}
	return w.Verdict()
}

func TestVerdict(t *testing.T) {
	tests := []struct {
		name       string
		deliver    func(b [][]byte) [][]byte
		duplicates int
		want       string // in the error; empty: none
	}{
		{"all in order", func(b [][]byte) [][]byte { return b }, 0, ""},
		{"one lost", func(b [][]byte) [][]byte { return b[1:] }, 0, "1 missing"},
		{"one twice", func(b [][]byte) [][]byte { return append(b, b[4]) }, 0, "1 duplicates"},
		{"one twice, allowed", func(b [][]byte) [][]byte { return append(b, b[0]) }, 1, ""},
		{"two swapped", func(b [][]byte) [][]byte { return [][]byte{b[0], b[2], b[1], b[3], b[4]} }, 0, "1 inversions"},
		{"a byte changed", func(b [][]byte) [][]byte {
			last := bytes.Clone(b[4])
			last[len(last)-4] ^= 1
			return append(b[:4], last)
		}, 0, "1 corrupt"},
		{"rubbish", func(b [][]byte) [][]byte { return append(b, []byte("rubbish")) }, 0, "1 corrupt"},
		{"of another run", func(b [][]byte) [][]byte {
			return append(b, oracle.New("other").Mint("k").Body)
		}, 0, "1 spurious"},
		{"in Idem's envelope", func(b [][]byte) [][]byte {
			for i := range b {
				b[i] = fmt.Appendf(nil, `{"tags": {}, "message": %s, "run_name": "r"}`,
					bytes.Replace(b[i], []byte(`,"pad":`), []byte(`, "pad": `), 1))
			}
			return b
		}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run(tt.deliver).Err(tt.duplicates)
			if tt.want == "" && err != nil {
				t.Error(err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestFates(t *testing.T) {
	o := oracle.New("self")
	w := o.Witness("here")
	if w.Verdict().Err(0) == nil {
		t.Error("a run without events is no success")
	}
	certain, open, refused := o.Mint("k"), o.Mint("k"), o.Mint("k")
	o.Accept(certain.ID)
	o.Refuse(refused.ID)
	w.Observe(certain.Body)
	w.Observe(open.Body) // its Put said neither yes nor no
	if err := w.Verdict().Err(0); err != nil || !w.Complete() {
		t.Errorf("complete %v, error %v", w.Complete(), err)
	}
	w.Observe(refused.Body)
	if v := w.Verdict(); len(v.Spurious) != 1 {
		t.Errorf("spurious: %v, want the refused one", v.Spurious)
	}
}

func TestBodyHasTheSizeAskedFor(t *testing.T) {
	for _, size := range []int{100, 1000, 1 << 20} {
		if e := oracle.New("self").MintSize("k", size); len(e.Body) != size {
			t.Errorf("%d bytes, want %d", len(e.Body), size)
		}
	}
}
