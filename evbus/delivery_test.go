package evbus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
)

func TestDefaultOptionsAreRight(t *testing.T) {
	if err := DefaultOptions().Check(); err != nil {
		t.Error(err)
	}
}

func TestCheckNamesTheKey(t *testing.T) {
	for key, spoil := range map[string]func(o *Options){
		"format":                func(o *Options) { o.Format = "xml" },
		"name":                  func(o *Options) { o.Name = "a\nb" },
		"source":                func(o *Options) { o.Source = "/a\r\nX-Evil: 1" },
		"delivery.on_full":      func(o *Options) { o.Delivery.OnFull = "explode" },
		"delivery.order":        func(o *Options) { o.Delivery.Order = "random" },
		"delivery.backlog":      func(o *Options) { o.Delivery.Backlog = 0 },
		"delivery.dead_letters": func(o *Options) { o.Delivery.DeadLetters = -1 },
		"delivery.batch":        func(o *Options) { o.Delivery.Batch = 0 },
		"delivery.window":       func(o *Options) { o.Delivery.Window = 1001 },
		"delivery.timeout":      func(o *Options) { o.Delivery.Timeout = 0 },
		"delivery.linger":       func(o *Options) { o.Delivery.Linger = -time.Second },
		"delivery.retry.min":    func(o *Options) { o.Delivery.Retry.Min = 0 },
		"delivery.retry.max":    func(o *Options) { o.Delivery.Retry.Max = time.Millisecond },
	} {
		o := DefaultOptions()
		spoil(&o)
		if err := o.Check(); !strings.HasPrefix(fmt.Sprint(err), key+": ") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestLimits(t *testing.T) {
	d := DefaultOptions().Delivery
	for _, c := range []struct {
		caps          providers.Caps
		batch, window int
	}{
		{providers.Caps{Order: providers.Full}, 500, 4},
		{providers.Caps{Order: providers.Full, BatchMessages: 10, Window: 2}, 10, 2},
		{providers.Caps{Order: providers.Full, BatchMessages: 10_000, Window: 100}, 500, 4},
		{providers.Caps{Order: providers.None, BatchMessages: 10, Window: 2}, 1, 1},
	} {
		if batch, window, _ := d.limits(c.caps); batch != c.batch || window != c.window {
			t.Errorf("%+v: %d, %d", c.caps, batch, window)
		}
	}
}

func TestGiveUpText(t *testing.T) {
	for text, want := range map[string]GiveUp{"never": 0, "24h": GiveUp(24 * time.Hour), "30s": GiveUp(30 * time.Second)} {
		g := GiveUp(1)
		if err := g.UnmarshalText([]byte(text)); err != nil || g != want {
			t.Errorf("%s: %v, %v", text, g, err)
		}
		var again GiveUp
		if err := again.UnmarshalText([]byte(g.String())); err != nil || again != g {
			t.Errorf("%s is written as %s", text, g)
		}
	}
	for _, text := range []string{"", "0", "-1s", "soon"} {
		var g GiveUp
		if err := g.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
