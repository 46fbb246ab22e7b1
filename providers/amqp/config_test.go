package amqp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
)

func withURL(url string) func(*amqp.Config) {
	return func(c *amqp.Config) { c.Connection.URL = providers.NewSecret(url) }
}

func TestAddress(t *testing.T) {
	key, empty := "orders", ""
	for _, test := range []struct {
		edit func(*amqp.Config)
		want string
	}{
		{func(*amqp.Config) {}, "amqp://localhost:5672/%2F"},
		{func(c *amqp.Config) { c.Connection.SSL = true }, "amqps://localhost:5671/%2F"},
		{func(c *amqp.Config) { c.Connection.Host, c.Connection.Port = "::1", 7 }, "amqp://[::1]:7/%2F"},
		{func(c *amqp.Config) { c.Connection.VirtualHost = "a/b" }, "amqp://localhost:5672/a%2Fb"},
		{func(c *amqp.Config) { c.Exchange = "events" }, "amqp://localhost:5672/%2F/events"},
		{func(c *amqp.Config) { c.RoutingKey = &key }, "amqp://localhost:5672/%2F/default/orders"},
		{func(c *amqp.Config) { c.RoutingKey = &empty }, "amqp://localhost:5672/%2F"},
		{func(c *amqp.Config) { c.Exchange, c.RoutingKey = "fan", &empty }, "amqp://localhost:5672/%2F/fan/"},
		{withURL("amqp://me:hidden@mq.example"), "amqp://mq.example:5672/%2F"},
		{withURL("amqp://me:hidden@mq.example/"), "amqp://mq.example:5672/%2F"},
		{withURL("amqp://me:hidden@mq.example//"), "amqp://mq.example:5672/%2F"},
		{withURL("amqp://me:hidden@mq.example/%2F?heartbeat=5"), "amqp://mq.example:5672/%2F"},
		{withURL("amqps://me:hidden@mq.example:99/prod?cafile=/x"), "amqps://mq.example:99/prod"},
	} {
		if got := connection(t, test.edit).Address; got != test.want {
			t.Errorf("address %s, want %s", got, test.want)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		name, key string
		edit      func(*amqp.Config)
	}{
		{"scheme", "connection.url", withURL("http://me:hidden@mq.example")},
		{"slash in password", "connection.url", withURL("amqp://me:hid/den@mq.example")},
		{"hash in password", "connection.url", withURL("amqp://me:12#hidden@mq.example")},
		{"port and slash", "connection.url", withURL("amqp://me:12/hidden@mq.example")},
		{"question mark in password", "connection.url", withURL("amqp://me:12?hidden@mq.example")},
		{"no URL", "connection.url", withURL("hidden")},
		{"unknown parameter", "connection.url", withURL("amqp://mq.example/?hidden=1")},
		{"heartbeat", "connection.url", withURL("amqp://mq.example/?heartbeat=hidden")},
		{"url and host", "connection.url", func(c *amqp.Config) {
			withURL("amqp://me:hidden@mq.example")(c)
			c.Connection.Host = "other"
		}},
		{"url without TLS and ssl", "connection.url", func(c *amqp.Config) {
			withURL("amqp://me:hidden@mq.example")(c)
			c.Connection.SSL = true
		}},
		{"port", "connection.port", func(c *amqp.Config) { c.Connection.Port = 70000 }},
		{"ssl_options alone", "connection.ssl_options", func(c *amqp.Config) { c.Connection.SSLOptions.CAFile = "ca.pem" }},
		{"certificate without key", "connection.ssl_options", func(c *amqp.Config) {
			c.Connection.SSL, c.Connection.SSLOptions.CertFile = true, "c.pem"
		}},
		{"property", "connection.client_properties.x", func(c *amqp.Config) {
			c.Connection.ClientProperties = map[string]any{"x": make(chan int)}
		}},
		{"unroutable", "unroutable", func(c *amqp.Config) { c.Unroutable = "ignore" }},
		{"exchange", "exchange", func(c *amqp.Config) { c.Exchange = strings.Repeat("e", 256) }},
		{"routing key", "routing_key", func(c *amqp.Config) {
			key := strings.Repeat("k", 256)
			c.RoutingKey = &key
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := connection(t, test.edit)
			_, err := c.Open(environment(time.Second))
			if err == nil || !strings.HasPrefix(err.Error(), test.key+": ") {
				t.Errorf("error %v, want one for %s", err, test.key)
			}
			if text := fmt.Sprint(err, c.Address); strings.Contains(text, "hid") || strings.Contains(text, "den") {
				t.Errorf("it tells the secret: %s", text)
			}
		})
	}
}

func TestAliases(t *testing.T) {
	p := amqp.Provider()
	if got := fmt.Sprint(p.Name, p.Aliases); got != "amqp[pika rabbitmq]" {
		t.Error(got)
	}
}

func TestSecondsAndFlag(t *testing.T) {
	for text, want := range map[string]time.Duration{"5": 5 * time.Second, "0.25": 250 * time.Millisecond, "2m": 2 * time.Minute, "0": 0} {
		var s amqp.Seconds
		if err := s.UnmarshalText([]byte(text)); err != nil || time.Duration(s) != want {
			t.Errorf("%q is %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"-1", "soon", "", "NaN", "-2s"} {
		var s amqp.Seconds
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, s)
		}
	}
	for text, want := range map[string]amqp.Flag{"1": true, "true": true, "0": false} {
		f := !want
		if err := f.UnmarshalText([]byte(text)); err != nil || f != want {
			t.Errorf("%q is %v, %v", text, f, err)
		}
	}
}
