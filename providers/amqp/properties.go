package amqp

import (
	"fmt"
	"maps"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/providers"
)

// clientProperties returns what the connection tells the broker about itself.
func clientProperties(own map[string]any) (amqp091.Table, error) {
	properties := amqp091.Table{"product": "evhub", "platform": "Go"}
	for key, value := range own {
		field, err := tableField(value)
		if err != nil {
			return properties, &providers.ConfigError{Key: "connection.client_properties." + key, Err: err}
		}
		if len(key) > maxShortString {
			return properties, providers.Invalid("connection.client_properties", "a name of %d bytes is too long; AMQP allows %d", len(key), maxShortString)
		}
		properties[key] = field
	}
	return properties, nil
}

func tableField(value any) (any, error) {
	switch v := value.(type) {
	case nil, bool, string, int, int64, float64:
		return v, nil
	case map[string]any:
		table := amqp091.Table{}
		for key, value := range v {
			field, err := tableField(value)
			if err != nil {
				return nil, err
			}
			table[key] = field
		}
		return table, nil
	case []any:
		list := make([]any, len(v))
		for i, value := range v {
			field, err := tableField(value)
			if err != nil {
				return nil, err
			}
			list[i] = field
		}
		return list, nil
	}
	return nil, fmt.Errorf("a %T cannot be a property; use text, numbers, true or false, lists and maps of these", value)
}

// shape is how an event becomes a message.
type shape struct{ persistent, headers bool }

// attributePrefix is the one of the CloudEvents AMQP binding.
const attributePrefix = "cloudEvents:"

// stamp makes publishings. The header table is reused from message to message: the client has encoded it when
// publishing returns. Not for concurrent use.
type stamp struct {
	shape
	headers amqp091.Table
	names   map[string]string // attribute name to header name
}

func newStamp(s shape) *stamp {
	return &stamp{shape: s, headers: amqp091.Table{}, names: map[string]string{}}
}

func (s *stamp) publishing(m *providers.Message) amqp091.Publishing {
	p := amqp091.Publishing{
		ContentType:  m.ContentType,
		DeliveryMode: amqp091.Transient,
		MessageId:    m.ID,
		Timestamp:    m.Time,
		AppId:        "evhub",
		Body:         m.Body,
	}
	if s.persistent {
		p.DeliveryMode = amqp091.Persistent
	}
	if kind := providers.HeaderValue(m.Profile); len(kind) <= maxShortString {
		p.Type = kind
	}
	if s.shape.headers {
		s.setHeaders(m.Attrs)
		p.Headers = s.headers
	}
	return p
}

// setHeaders fills the table. Most values are those of the message before, and putting a string into the table
// allocates, so equal ones are left alone.
func (s *stamp) setHeaders(attrs []providers.Attr) {
	set := 0
	for _, a := range attrs {
		if a.Name == "datacontenttype" {
			continue // the binding has it in content_type
		}
		set++
		name := s.headerName(a.Name)
		if old, ok := s.headers[name].(string); !ok || old != a.Value {
			s.headers[name] = providers.Visible(a.Value)
		}
	}
	if len(s.headers) > set {
		s.dropHeaders(attrs)
	}
}

// dropHeaders removes what the message before had and this one has not.
func (s *stamp) dropHeaders(attrs []providers.Attr) {
	kept := make(map[string]bool, len(attrs))
	for _, a := range attrs {
		kept[s.headerName(a.Name)] = true
	}
	maps.DeleteFunc(s.headers, func(name string, _ any) bool { return !kept[name] })
}

func (s *stamp) headerName(attr string) string {
	name, ok := s.names[attr]
	if !ok {
		name = attributePrefix + attr
		s.names[attr] = name
	}
	return name
}

// headerFrameSize is at least the size of the content header frame of m.
func headerFrameSize(m *providers.Message) int {
	const fixed = 8 + 14 + 4 + 1 + 8 // frame, class to flags, table length, delivery mode, timestamp
	size := fixed + len(m.ContentType) + len(m.ID) + 2*maxShortString
	for _, a := range m.Attrs {
		size += len(attributePrefix) + len(a.Name) + len(a.Value) + 6
	}
	return size
}
