package evbus

import (
	"github.com/evhub/evhub/internal/idemjson"
)

// appendCloudEvent writes r as a CloudEvent in structured mode. The data are the body alone, as a consumer of CloudEvents
// expects; the tags, of which there is no attribute in the standard, are the extension "tags", a text that holds their
// JSON: attributes are no objects.
func appendCloudEvent(dst []byte, r *Record, source string) ([]byte, error) {
	dst = append(dst, '{')
	for _, a := range r.appendAttributes(nil, source) {
		dst = appendAttribute(dst, a.Name, a.Value)
	}
	if tags := idemjson.AppendCompact(nil, r.Tags); string(tags) != "{}" {
		dst = appendAttribute(dst, "tags", string(tags))
	}
	if r.Opaque {
		dst = appendAttribute(dst, "datacontenttype", opaqueType)
		dst = appendBase64(append(dst, `"data_base64":`...), r.Data)
	} else {
		dst = appendAttribute(dst, "datacontenttype", jsonType)
		dst = idemjson.AppendCompact(append(dst, `"data":`...), r.Data)
	}
	return append(dst, '}'), nil
}

// appendAttribute appends a member and a comma.
func appendAttribute(dst []byte, name, value string) []byte {
	dst = append(append(append(dst, '"'), name...), `":`...)
	spelled, _ := idemjson.AppendString(nil, value) // valid UTF-8 since it was sealed
	return append(idemjson.AppendCompact(dst, spelled), ',')
}
