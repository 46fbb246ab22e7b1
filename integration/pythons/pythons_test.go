package pythons

import (
	"strings"
	"testing"
)

func TestNeed(t *testing.T) {
	for range 2 { // made, and found
		out, err := Need(t).Command(t.Context(), "python", "-c", "import sys; print(sys.prefix)").Output()
		if err != nil || !strings.Contains(string(out), "python/") {
			t.Errorf("%s %v", out, err)
		}
	}
}
