package kafka_test

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/google/go-cmp/cmp"
)

func TestMistakes(t *testing.T) {
	minus := -1
	for _, test := range []struct {
		set       func(*kafka.Config)
		key, text string
	}{
		{func(c *kafka.Config) { c.Topics = providers.Strings{"a b"} }, "topics", `"a b" cannot be the name of a topic`},
		{func(c *kafka.Config) { c.Topics = providers.Strings{".."} }, "topics", "cannot be"},
		{func(c *kafka.Config) { c.Partition = &minus }, "partition", "count from 0"},
		{func(c *kafka.Config) { c.Connection.BootstrapServers = nil }, "connection.bootstrap_servers", "at least one"},
		{func(c *kafka.Config) { c.Connection.BootstrapServers = providers.Strings{"a:b:c"} }, "connection.bootstrap_servers", "host:port"},
		{func(c *kafka.Config) { c.Connection.CompressionType = "brotli" }, "connection.compression_type", "brotli"},
		{func(c *kafka.Config) { c.Connection.MaxRequestSize = 10 }, "connection.max_request_size", "between"},
		{func(c *kafka.Config) { c.Connection.LingerMS = -1 }, "connection.linger_ms", "negative"},
		{func(c *kafka.Config) { c.Connection.RequestTimeoutMS = -1 }, "connection.request_timeout_ms", "negative"},
		{func(c *kafka.Config) { c.Connection.SSLContext = "x" }, "connection.ssl_context", "Python object"},
		{func(c *kafka.Config) { c.Connection.SecurityProtocol = "TLS" }, "connection.security_protocol", "SASL_SSL"},
		{func(c *kafka.Config) { c.Connection.SecurityProtocol = "SASL_SSL" }, "connection.sasl_plain_username", "needed"},
		{func(c *kafka.Config) {
			c.Connection.SecurityProtocol, c.Connection.SASLMechanism = "SASL_SSL", "GSSAPI"
		}, "connection.sasl_mechanism", "SCRAM"},
		{func(c *kafka.Config) { c.Connection.SASLMechanism = "MD5" }, "connection.sasl_mechanism", "MD5"},
		{func(c *kafka.Config) { c.SSL.CertFile = "x" }, "ssl", "both or none"},
	} {
		_, err := configured(t, test.set)[0].Open(environment(time.Second))
		var config *providers.ConfigError
		if !errors.As(err, &config) || config.Key != test.key || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", test.key, err)
		}
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := configured(t, func(c *kafka.Config) {
		c.Topics = providers.Strings{"?"}
		c.Connection.CompressionType, c.Connection.SSLContext = "x", "y"
	})[0].Open(environment(time.Second))
	for _, key := range []string{"topics", "connection.compression_type", "connection.ssl_context"} {
		if err == nil || !strings.Contains(err.Error(), key+": ") {
			t.Errorf("%s is not in %v", key, err)
		}
	}
}

func TestTopicsAreDestinations(t *testing.T) {
	conns := configured(t, func(c *kafka.Config) {
		c.Topics = providers.Strings{"one", "two"}
		c.Connection.BootstrapServers = providers.Strings{"b:9092", "a:9092"}
	})
	var addresses []string
	for _, c := range conns {
		addresses = append(addresses, c.Address)
	}
	if diff := cmp.Diff([]string{"a:9092,b:9092/one", "a:9092,b:9092/two"}, addresses); diff != "" {
		t.Error(diff)
	}
	if !conns[0].Caps.Acked || conns[0].Caps.Order != providers.Full || conns[0].Caps.Window != 5 {
		t.Errorf("caps: %+v", conns[0].Caps)
	}
}

func TestAcks(t *testing.T) {
	for text, want := range map[string]kafka.Acks{"all": kafka.AcksAll, "-1": kafka.AcksAll, "1": kafka.AcksLeader, "0": kafka.AcksNone} {
		var a kafka.Acks
		if err := a.UnmarshalText([]byte(text)); err != nil || a != want {
			t.Errorf("%s: %v, %v", text, a, err)
		}
	}
	var a kafka.Acks
	if err := a.UnmarshalText([]byte("2")); err == nil {
		t.Error("2 is accepted")
	}
	if text, err := kafka.AcksAll.MarshalText(); err != nil || string(text) != "all" {
		t.Errorf("all prints as %s, %v", text, err)
	}
}

// TestEveryKeyIsDescribed: the page about the provider is made from the tags.
func TestEveryKeyIsDescribed(t *testing.T) {
	var visit func(reflect.Type)
	visit = func(s reflect.Type) {
		for f := range s.Fields() {
			if f.Tag.Get("yaml") == "" || !strings.HasSuffix(f.Tag.Get("doc"), ".") {
				t.Errorf("%s.%s has no yaml or doc tag", s.Name(), f.Name)
			}
			if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[providers.Secret]() {
				visit(f.Type)
			}
		}
	}
	visit(reflect.TypeFor[kafka.Config]())
	idem := "bootstrap_servers client_id acks compression_type max_batch_size linger_ms connections_max_idle_ms max_request_size " +
		"retry_backoff_ms request_timeout_ms security_protocol ssl_context api_version sasl_mechanism sasl_plain_username sasl_plain_password"
	have := make(map[string]bool)
	for f := range reflect.TypeFor[kafka.Connection]().Fields() {
		have[f.Tag.Get("yaml")] = true
	}
	for key := range strings.FieldsSeq(idem) {
		if !have[key] {
			t.Errorf("no key %s", key)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	c := kafka.Default()
	c.Connection.SASLPlainPassword, c.SSL.Password = providers.NewSecret("hunter2"), providers.NewSecret("hunter2")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c)
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, log.String()); strings.Contains(s, "hunter2") {
		t.Error(s)
	}
}
