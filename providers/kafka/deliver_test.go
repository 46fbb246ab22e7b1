package kafka_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
	"github.com/google/go-cmp/cmp"
)

func TestDeliversInOrder(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	s := session(t, dialer(t, c, nil))
	var flights []providers.Flight
	for i := range 20 {
		flights = append(flights, s.Send(context.Background(), numbered(i*10, i*10+9)))
	}
	for _, f := range flights {
		if err := wait(f); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(values(0, 199), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

func TestRecord(t *testing.T) {
	attrs := []providers.Attr{{Name: "specversion", Value: "1.0"}, {Name: "id", Value: "id-1"}, {Name: "datacontenttype", Value: "application/json"}}
	message := providers.Message{ID: "id-1", Profile: "idem-run", Key: "web1", ContentType: "application/json", Attrs: attrs, Body: []byte(`{"a": 1}`)}
	headers := map[string]string{"ce_specversion": "1.0", "ce_id": "id-1", "content-type": "application/json", "message_uuid": "id-1"}
	fixed := "fixed"
	for name, test := range map[string]struct {
		set  func(*kafka.Config)
		edit func(*providers.Message)
		want brokertest.Record
	}{
		"as it is":     {want: brokertest.Record{Key: []byte("web1"), Value: `{"a": 1}`, Headers: headers}},
		"without key":  {edit: func(m *providers.Message) { m.Key = "" }, want: brokertest.Record{Value: `{"a": 1}`, Headers: headers}},
		"fixed key":    {set: func(c *kafka.Config) { c.Key = &fixed }, want: brokertest.Record{Key: []byte("fixed"), Value: `{"a": 1}`, Headers: headers}},
		"bare":         {set: func(c *kafka.Config) { c.Headers = false }, want: brokertest.Record{Key: []byte("web1"), Value: `{"a": 1}`, Headers: map[string]string{}}},
		"structured":   {edit: func(m *providers.Message) { m.Attrs = nil; m.ContentType = "application/cloudevents+json" }, want: brokertest.Record{Key: []byte("web1"), Value: `{"a": 1}`, Headers: map[string]string{"content-type": "application/cloudevents+json", "message_uuid": "id-1"}}},
		"empty body":   {edit: func(m *providers.Message) { m.Body = nil }, want: brokertest.Record{Key: []byte("web1"), Headers: headers}},
		"long, binary": {edit: func(m *providers.Message) { m.Body = []byte(strings.Repeat("\x00\xff", 40_000)) }, want: brokertest.Record{Key: []byte("web1"), Value: strings.Repeat("\x00\xff", 40_000), Headers: headers}},
	} {
		t.Run(name, func(t *testing.T) {
			c := brokertest.New(t, 1)
			c.Create("events", 1)
			m := message
			if test.edit != nil {
				test.edit(&m)
			}
			deliver(t, session(t, dialer(t, c, test.set)), []providers.Message{m})
			if diff := cmp.Diff([]brokertest.Record{test.want}, c.Log("events", 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompression(t *testing.T) {
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			c := brokertest.New(t, 1)
			c.Create("events", 1)
			s := session(t, dialer(t, c, func(config *kafka.Config) { config.Connection.CompressionType = codec }))
			deliver(t, s, numbered(0, 499))
			deliver(t, s, numbered(500, 999))
			if diff := cmp.Diff(values(0, 999), c.Values("events")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPartitionsAreJavas(t *testing.T) {
	data, err := os.ReadFile("testdata/partitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []struct {
		Key  string `json:"key"`
		Of3  int    `json:"of_3"`
		Of12 int    `json:"of_12"`
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	for _, row := range table {
		for count, want := range map[int]int{3: row.Of3, 12: row.Of12} {
			t.Run(fmt.Sprintf("%s of %d", row.Key, count), func(t *testing.T) {
				c := brokertest.New(t, 1)
				c.Create("events", count)
				s := session(t, dialer(t, c, func(config *kafka.Config) { config.Key = &row.Key }))
				deliver(t, s, numbered(1, 1))
				if len(c.Log("events", want)) != 1 {
					t.Errorf("not in partition %d", want)
				}
			})
		}
	}
}

func TestPlace(t *testing.T) {
	c := brokertest.New(t, 2)
	c.Create("events", 12)
	five := 5
	t.Run("profile's hash without a key", func(t *testing.T) {
		m := numbered(1, 1)
		m[0].Profile = "idem-status" // in the table: 11 of 12
		deliver(t, session(t, dialer(t, c, nil)), m)
		if log := c.Log("events", 11); len(log) != 1 || log[0].Key != nil {
			t.Errorf("partition 11 has %v", log)
		}
	})
	t.Run("fixed", func(t *testing.T) {
		deliver(t, session(t, dialer(t, c, func(config *kafka.Config) { config.Partition = &five })), numbered(1, 3))
		if diff := cmp.Diff(3, len(c.Log("events", 5))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("none such", func(t *testing.T) {
		twelve := 12
		_, err := dialer(t, c, func(config *kafka.Config) { config.Partition = &twelve })(context.Background())
		if err == nil || !strings.Contains(err.Error(), "12 partitions") || providers.IsPermanent(err) {
			t.Errorf("Dial: %v", err)
		}
	})
}

func TestManyPartitionsAndBrokers(t *testing.T) {
	c := brokertest.New(t, 3)
	c.Create("events", 12)
	s := session(t, dialer(t, c, nil))
	var flights []providers.Flight
	for i := range 30 {
		ms := numbered(i*20, i*20+19)
		for j := range ms {
			ms[j].Key = fmt.Sprint("key", j%7)
		}
		flights = append(flights, s.Send(context.Background(), ms))
	}
	for _, f := range flights {
		if err := wait(f); err != nil {
			t.Fatal(err)
		}
	}
	last, total := make(map[string]int), 0
	for p := range 12 {
		for _, r := range c.Log("events", p) {
			var n int
			fmt.Sscan(r.Value, &n)
			if before, ok := last[string(r.Key)]; ok && n <= before {
				t.Errorf("key %s: %d after %d", r.Key, n, before)
			}
			last[string(r.Key)] = n
			total++
		}
	}
	if total != 600 {
		t.Errorf("%d records, want 600", total)
	}
}
