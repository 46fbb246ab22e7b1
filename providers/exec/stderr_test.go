//go:build unix

package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
)

func TestStandardErrorGoesToTheLog(t *testing.T) {
	s, l := dial(t, func(c *execConfig) {
		shell(`printf 'first\r\n\nsecret is %s\nbell \007\n\377\n' "$TOKEN" >&2; head -c 100000 /dev/zero | tr '\0' x >&2; echo >&2; echo unended >&2; cat > /dev/null`)(c)
		c.Env = map[string]providers.Secret{"TOKEN": providers.NewSecret("c4n4ry-long"), "PART": providers.NewSecret("c4n4ry"), "MODE": providers.NewSecret("first"), "EMPTY": {}}
	})
	eventually(t, "all is logged", func() bool { return strings.Contains(l.String(), "unended") })
	s.Close(t.Context())
	text := l.String()
	for part, want := range map[string]bool{
		`stderr=first`: true, `stderr="secret is [secret]"`: true, "c4n4ry": false, "-long": false, `bell %07`: true, `stderr=?`: true, `stderr=""`: false,
		strings.Repeat("x", 1000) + "...": true, strings.Repeat("x", 1001): false,
	} {
		if strings.Contains(text, part) != want {
			t.Errorf("the log has %.80q: %v, want %v\n%.3000s", part, !want, want, text)
		}
	}
}

func TestAFloodOnStandardErrorIsCounted(t *testing.T) {
	s, l := dial(t, shell(`i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done >&2; cat > /dev/null`))
	s.Close(t.Context())
	if n := strings.Count(l.String(), "the program says"); n > 200 || n < 20 {
		t.Errorf("%d lines in the log", n)
	}
	if !strings.Contains(l.String(), "lines_skipped=") {
		t.Errorf("what was left out is not counted: %.2000s", l.String())
	}
}

func TestSecretsAreInNoError(t *testing.T) {
	s, _ := dial(t, func(c *execConfig) {
		shell(`read -r line; echo "{\"seq\": 1, \"error\": \"bad token $TOKEN\"}"`)(c)
		c.Env = map[string]providers.Secret{"TOKEN": providers.NewSecret("c4n4ry")}
	})
	if err := send(t, s, numbered(1)...); err == nil || strings.Contains(err.Error(), "c4n4ry") || !strings.Contains(err.Error(), "bad token [secret]") {
		t.Errorf("got %v", err)
	}
	s, _ = dial(t, func(c *execConfig) {
		shell(`read -r line; echo "token $TOKEN"`)(c)
		c.Env = map[string]providers.Secret{"TOKEN": providers.NewSecret("c4n4ry")}
	})
	if err := send(t, s, numbered(1)...); err == nil || strings.Contains(err.Error(), "c4n4ry") {
		t.Errorf("got %v", err)
	}
}

// A secret of several lines comes line by line, and in JSON with its line breaks escaped.
func TestSecretOfSeveralLines(t *testing.T) {
	for _, script := range []string{
		`echo "$KEY" >&2; exec >&-; exit 3`,
		`printf '{"ready": "%s"}\n' 'c4n4ry-1\nc4n4ry-2'; read -r line`,
	} {
		s, l := dial(t, func(c *execConfig) {
			shell("read -r line; " + script)(c)
			c.Env = map[string]providers.Secret{"KEY": providers.NewSecret("c4n4ry-1\r\nc4n4ry-2\n")}
		})
		err := send(t, s, numbered(1)...)
		s.Close(t.Context())
		if text := fmt.Sprint(err) + l.String(); err == nil || strings.Contains(text, "c4n4ry") || !strings.Contains(text, "[secret]") {
			t.Errorf("%s: %s", script, text)
		}
	}
}
