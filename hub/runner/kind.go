package runner

import "encoding/json"

// kind tells messages apart by the members that they have.
type kind map[string]json.RawMessage

// text returns a member that is a string, or "".
func (k kind) text(name string) string {
	var s string
	if json.Unmarshal(k[name], &s) != nil {
		return ""
	}
	return s
}

func (k kind) has(name string) bool { return k[name] != nil }

func (k kind) isStatus() bool { return k.text("status") != "" && !k.has("event") && !k.has("uuid") }

func (k kind) isEvent() bool {
	return k.text("event") != "" && k.text("uuid") != ""
}

// isNothing reports whether Runner itself would make nothing of the object: of the lines of its streams all but statuses
// and events, and of events those without a uuid (a keepalive has 0, EOF has none).
func (k kind) isNothing() bool {
	switch {
	case len(k) == 0:
		return true
	case k.has("event"):
		return k.text("event") == "keepalive" || k.text("event") == "EOF"
	}
	return len(k) == 1 && (k.has("kwargs") || k.has("zipfile") || k.has("eof"))
}
