package evbus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Format turns a record into the body that a destination sends. It is a pure function of the record and the
// destination's configuration.
type Format struct {
	// Name is what the acct file calls it.
	Name string
	// Append appends the body to dst. source is the CloudEvents source of the record. An error says why the format has
	// no body for it, now or ever.
	Append func(dst []byte, r *Record, source string) ([]byte, error)
	// whole is set where the body is a part of the record as it stands, so that nothing need be copied.
	whole func(r *Record) []byte
	// contentType of the body of r.
	contentType func(r *Record) string
	// structured: the body carries the CloudEvents attributes, so they do not stand beside it.
	structured bool
}

// Media types of the formats.
const (
	jsonType        = "application/json"
	opaqueType      = "application/octet-stream"
	cloudEventsType = "application/cloudevents+json"
	msgpackType     = "application/vnd.msgpack"
)

// formats in the order in which they are listed to users; the first is the default.
var formats = []Format{
	{Name: "idem", Append: appendIdem, contentType: always(jsonType)},
	{Name: "idem-compact", Append: appendCompact, contentType: always(jsonType)},
	{Name: "raw", Append: appendRaw, whole: func(r *Record) []byte { return r.Data }, contentType: rawType},
	{Name: "cloudevents", Append: appendCloudEvent, contentType: always(cloudEventsType), structured: true},
	{Name: "msgpack", Append: appendMsgpack, contentType: always(msgpackType)},
}

// DefaultFormat is the format of a destination that names none: "idem".
const DefaultFormat = "idem"

// serializers are names that Idem has for formats of ours.
var serializers = map[string]string{"json": "idem"}

// FormatNamed returns the format of that name, which may be that of one of Idem's serializers.
func FormatNamed(name string) (Format, bool) {
	if ours, ok := serializers[name]; ok {
		name = ours
	}
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// FormatNames returns the names of all formats, the default first.
func FormatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

var errStr = errors.New(`no format "str": Idem's serializer of that name writes Python's repr, which nothing but Python reads; idem (or json) is its usual one`)

// CheckFormat says why there is no format of that name.
func CheckFormat(name string) error {
	_, known := FormatNamed(name)
	switch {
	case known:
		return nil
	case name == "str":
		return errStr
	}
	return fmt.Errorf("no format %q; there are %s", name, strings.Join(FormatNames(), ", "))
}

func always(contentType string) func(*Record) string {
	return func(*Record) string { return contentType }
}

func rawType(r *Record) string {
	if r.Opaque {
		return opaqueType
	}
	return jsonType
}
