package all_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/all"
)

const canary = "c4n4ry-s3cret"

// forms are configurations, by provider, that lead to ADDR. Every one of them is tried with each secret that its type has.
var forms = map[string]func(addr string) map[string]any{
	"kafka": func(addr string) map[string]any {
		return map[string]any{
			"topics":     providers.Strings{"t"},
			"connection": map[string]any{"bootstrap_servers": providers.Strings{addr}, "sasl_plain_username": "u", "security_protocol": "SASL_PLAINTEXT"},
		}
	},
	"amqp": func(addr string) map[string]any {
		host, port, _ := net.SplitHostPort(addr)
		return map[string]any{"connection": map[string]any{"host": host, "port": port, "login": "u"}}
	},
	"nats": func(addr string) map[string]any {
		return map[string]any{"servers": providers.Strings{"nats://" + addr}, "username": "u"}
	},
	"http": func(addr string) map[string]any {
		return map[string]any{"url": "http://" + addr + "/", "username": "u"}
	},
	"zeromq": func(addr string) map[string]any {
		return map[string]any{"endpoints": providers.Strings{"tcp://" + addr}, "username": "u"}
	},
}

// values are secrets that are not right as plain text.
var values = map[string]string{
	"connection.url": "amqp://u:" + canary + "@ADDR/",
	"proxy":          "http://u:" + canary + "@ADDR/",
}

// S01: whatever is printed of a configuration, its connection, its errors and its log, no secret of any provider is in it.
func TestNoSecretOfAnyProviderIsPrinted(t *testing.T) {
	tried := 0
	for _, p := range all.Providers() {
		for _, path := range secretsOf("", reflect.TypeOf(p.Default())) {
			tried++
			t.Run(p.Name+" "+path, func(t *testing.T) {
				if forms[p.Name] == nil {
					t.Fatal("a provider with secrets that this test does not know: add a form")
				}
				addr := parrot(t)
				value := strings.ReplaceAll(values[path], "ADDR", addr)
				if value == "" {
					value = canary
				}
				said := use(t, p, func(into reflect.Value) {
					if path != "connection.url" { // which stands for all the others
						fill(t, into, forms[p.Name](addr))
					}
					setSecret(into, strings.Split(path, "."), value)
				})
				if strings.Contains(said, canary) {
					t.Errorf("a secret is told: %s", said)
				}
			})
		}
	}
	if tried < 8 {
		t.Errorf("void: %d secrets", tried)
	}
}

// secretsOf are the paths of the secrets that a type has.
func secretsOf(prefix string, typ reflect.Type) (paths []string) {
	secret := reflect.TypeFor[providers.Secret]()
	for f := range typ.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Type == secret, f.Type.Kind() == reflect.Map && f.Type.Elem() == secret:
			paths = append(paths, prefix+key)
		case f.Type.Kind() == reflect.Struct && key != "":
			paths = append(paths, secretsOf(prefix+key+".", f.Type)...)
		}
	}
	return paths
}

// decoder fills a configuration.
type decoder func(reflect.Value)

func (d decoder) Decode(into any) error {
	d(reflect.ValueOf(into).Elem())
	return nil
}

// use opens and dials what is configured, sends an event, and returns all that anybody could read of it.
func use(t *testing.T, p providers.Provider, configured decoder) string {
	t.Helper()
	var log syncBuffer
	conns, err := p.Configure(configured)
	log.say(err)
	for _, c := range conns {
		log.say(c.Config)
		log.say(c.Address)
		dial, err := c.Open(providers.Env{
			Destination: "d", Timeout: time.Second, Order: providers.OrderKey,
			Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})).With("config", c.Config),
		})
		log.say(err)
		if err != nil {
			continue
		}
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		s, err := dial(ctx)
		log.say(err)
		if err != nil {
			continue
		}
		log.say(s.Send(ctx, []providers.Message{{Seq: 1, ID: "id", Profile: "p", Body: []byte("{}")}}).Wait(ctx))
		log.say(s.Close(ctx))
	}
	return log.String()
}

// syncBuffer collects what is printed.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// say prints v in every way.
func (b *syncBuffer) say(v any) {
	if v == nil {
		return
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(b, verb+"\n", v)
	}
	text, err := json.Marshal(v)
	fmt.Fprintf(b, "%s %v\n", text, err)
	func() {
		defer func() { fmt.Fprintln(b, recover()) }()
		panic(v)
	}()
}
