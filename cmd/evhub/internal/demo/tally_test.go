package demo

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/hub"
)

// The NATS server leaves these behind where it is shut down while it makes a stream.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

// body is what Idem sends for an event whose message is text.
func body(text string) []byte {
	return []byte(`{"tags": {"a": 1}, "message": "` + text + `", "run_name": "r"}`)
}

func fired(texts ...string) (prints []string) {
	for _, text := range texts {
		prints = append(prints, fingerprintOf(hub.Event{Body: text, Tags: object{"a": 1}, RunName: "r"}))
	}
	return prints
}

func TestTally(t *testing.T) {
	for name, c := range map[string]struct {
		arrived []string
		want    Destination
	}{
		"all":            {[]string{"x", "y", "z"}, Destination{Arrived: 3, InOrder: true}},
		"one missing":    {[]string{"x", "z"}, Destination{Arrived: 2, Missing: 1, InOrder: true}},
		"none":           {nil, Destination{Missing: 3, InOrder: true}},
		"one twice":      {[]string{"x", "y", "x", "z"}, Destination{Arrived: 4, Duplicates: 1, InOrder: true}},
		"out of order":   {[]string{"x", "z", "y"}, Destination{Arrived: 3}},
		"one not fired":  {[]string{"x", "y", "q", "z"}, Destination{Arrived: 4, Unknown: 1, InOrder: true}},
		"twice, one not": {[]string{"x", "x", "y"}, Destination{Arrived: 3, Missing: 1, Duplicates: 1, InOrder: true}},
	} {
		t.Run(name, func(t *testing.T) {
			var arrived [][]byte
			for _, text := range c.arrived {
				arrived = append(arrived, body(text))
			}
			c.want.Sent = 3
			if diff := cmp.Diff(c.want, tally(fired("x", "y", "z"), arrived)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheVerdictCanBeNo(t *testing.T) {
	good := Destination{Name: toWebhook.name, Sent: 3, Delivered: 3, Arrived: 4, Duplicates: 1, InOrder: true, Recognised: true}
	if !good.ok() {
		t.Error("the duplicate of a lost answer is within the promise")
	}
	for name, spoil := range map[string]func(*Destination){
		"missing":        func(d *Destination) { d.Missing = 1 },
		"unknown":        func(d *Destination) { d.Unknown = 1 },
		"order":          func(d *Destination) { d.InOrder = false },
		"second twice":   func(d *Destination) { d.Duplicates = 2 },
		"not recognised": func(d *Destination) { d.Recognised = false },
		"evhub's word":   func(d *Destination) { d.Delivered = 2 },
		"other receiver": func(d *Destination) { d.Name = toStream.name },
	} {
		bad := good
		spoil(&bad)
		if bad.ok() {
			t.Errorf("%s: still fine", name)
		}
	}
}

func TestRecognised(t *testing.T) {
	bodies := [][]byte{body("x"), body("y"), body("x")}
	for _, c := range []struct {
		ids  []string
		want bool
	}{
		{[]string{"1", "2", "1"}, true}, {[]string{"1", "2", "3"}, false}, {[]string{"1", "1", "1"}, false}, {[]string{"1", "", "1"}, false},
	} {
		if got := recognised(bodies, c.ids); got != c.want {
			t.Errorf("%v: %v", c.ids, got)
		}
	}
}

// TestEventsAreToldApart checks that no two events are the same, for the counts could not tell them apart.
func TestEventsAreToldApart(t *testing.T) {
	seen := map[string]bool{}
	for _, run := range []string{"one", "two"} {
		for _, e := range idemRun(run) {
			if f := fingerprintOf(e); seen[f] {
				t.Errorf("twice: %s", f)
			} else {
				seen[f] = true
			}
		}
	}
}
