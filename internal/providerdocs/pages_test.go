package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers/all"
)

func TestPagesAreUpToDate(t *testing.T) {
	for name, want := range pages() {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", "providers", name))
		if err != nil {
			t.Errorf("%v (run: make docs)", err)
			continue
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("docs/providers/%s is out of date; run: make docs\n%s", name, diff)
		}
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	for _, p := range all.Providers() {
		if p.Doc == "" {
			t.Errorf("provider %s has no Doc", p.Name)
		}
		for _, k := range keysOf(p.Default()) {
			if strings.TrimSpace(k.doc) == "" {
				t.Errorf("%s: the key %s has no doc tag", p.Name, k.path)
			}
		}
	}
}
