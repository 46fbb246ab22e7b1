package main

import (
	"bytes"
	"testing"
	"time"
)

func TestAmountsForPeople(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1<<20 - 1: "1.0 MiB", 1 << 30: "1.0 GiB", 1 << 42: "4.0 TiB", 1 << 53: "8192.0 TiB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 850 * time.Millisecond: "850ms", 12400 * time.Millisecond: "12s", 303 * time.Second: "5m3s",
		130 * time.Minute: "2h10m", 76*time.Hour + time.Minute: "3d4h",
	} {
		if got := spanText(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	rows := newTable(newStream(&out), "NAME", "N", "LAST")
	rows.row("grüße", "1", "x")
	rows.row("a", "1000", "y")
	rows.flush()
	if want := "NAME   N     LAST\ngrüße  1     x\na      1000  y\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	for range heldRows {
		rows.row("b", "2", "z")
	}
	if want := heldRows + 3; bytes.Count(out.Bytes(), []byte("\n")) != want {
		t.Errorf("rows are held back without end")
	}
}
