package profiles

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCaseAgreesOnAllCharacters compares which characters are equal under the flag i, for all of them at once. Asking
// compiled patterns would take thousands.
func TestCaseAgreesOnAllCharacters(t *testing.T) {
	data, err := os.ReadFile("testdata/unicode.json")
	if err != nil {
		t.Fatal(err)
	}
	var python struct{ Cases []string }
	if err := json.Unmarshal(data, &python); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range newFoldTable().cased {
		if c.char == c.equals[0] {
			got = append(got, string(c.equals))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(python.Cases, got); diff != "" {
		t.Errorf("(-Python +evhub)\n%s", diff)
	}
}
