package evbus

import (
	"time"

	"github.com/evhub/evhub/providers"
)

// attributes returns the CloudEvents attributes of r. They are built once, by the first destination that sends r.
// source replaces the attribute of that name unless it is empty.
func (r *Record) attributes(source string) []providers.Attr {
	shared := r.attrs.Load()
	if shared == nil {
		built := r.buildAttributes()
		r.attrs.CompareAndSwap(nil, &built)
		shared = r.attrs.Load()
	}
	if source == "" {
		return *shared
	}
	own := append([]providers.Attr(nil), *shared...)
	for i := range own {
		if own[i].Name == "source" {
			own[i].Value = source
		}
	}
	return own
}

func (r *Record) buildAttributes() []providers.Attr {
	attrs := make([]providers.Attr, 0, 8)
	attrs = append(attrs,
		providers.Attr{Name: "specversion", Value: "1.0"},
		providers.Attr{Name: "id", Value: r.ID},
		providers.Attr{Name: "source", Value: "/evhub/" + percentEncode(r.RunName)},
		providers.Attr{Name: "type", Value: r.Profile},
		providers.Attr{Name: "time", Value: r.Time.UTC().Format(time.RFC3339Nano)},
	)
	for _, extension := range []providers.Attr{
		{Name: "traceparent", Value: r.TraceParent},
		{Name: "runname", Value: r.RunName},
		{Name: "partitionkey", Value: r.Key},
	} {
		if extension.Value != "" {
			attrs = append(attrs, extension)
		}
	}
	return attrs
}

// percentEncode leaves the unreserved characters of RFC 3986 as they are and encodes every other byte.
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			out = append(out, c)
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}
