package evbus

import (
	"encoding/base64"
	"slices"

	"github.com/evhub/evhub/internal/idemjson"
)

// Format turns a record into the body that a destination sends. It is a pure function of the record.
type Format struct {
	// Name is what the acct file calls it.
	Name string
	// Append appends the body to dst.
	Append func(dst []byte, r *Record) []byte
	// whole is set where the body is a part of the record as it stands, so that nothing need be copied.
	whole func(r *Record) []byte
	// contentType of the body of r.
	contentType func(r *Record) string
}

// Media types of the formats.
const (
	jsonType   = "application/json"
	opaqueType = "application/octet-stream"
)

// formats in the order in which they are listed to users; the first is the default.
var formats = []Format{
	{Name: "idem", Append: appendIdem, contentType: alwaysJSON},
	{Name: "idem-compact", Append: appendCompact, contentType: alwaysJSON},
	{Name: "raw", Append: appendRaw, whole: func(r *Record) []byte { return r.Data }, contentType: rawType},
}

// DefaultFormat is the format of a destination that names none: "idem".
const DefaultFormat = "idem"

// FormatNamed returns the format of that name.
func FormatNamed(name string) (Format, bool) {
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

func alwaysJSON(*Record) string { return jsonType }

func rawType(r *Record) string {
	if r.Opaque {
		return opaqueType
	}
	return jsonType
}

// appendIdem writes what Idem sends: {"tags": ..., "message": ..., "run_name": ...} with Python's spaces.
func appendIdem(dst []byte, r *Record) []byte {
	dst = append(dst, `{"tags": `...)
	dst = append(dst, r.Tags...)
	dst = append(dst, `, "message": `...)
	dst = appendMessage(dst, r)
	dst = append(dst, `, "run_name": `...)
	dst, _ = idemjson.AppendString(dst, r.RunName) // valid UTF-8 since it was sealed
	return append(dst, '}')
}

func appendMessage(dst []byte, r *Record) []byte {
	if !r.Opaque {
		return append(dst, r.Data...)
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, r.Data)
	return append(dst, '"')
}

func appendCompact(dst []byte, r *Record) []byte {
	return idemjson.AppendCompact(dst, appendIdem(nil, r))
}

func appendRaw(dst []byte, r *Record) []byte { return append(dst, r.Data...) }
