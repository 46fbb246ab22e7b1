package evbus

import "github.com/evhub/evhub/providers"

// mostAttributes is the most CloudEvents attributes that a record has.
const mostAttributes = 8

// appendAttributes appends the CloudEvents attributes of r to dst. They have no control characters, as CloudEvents
// demands: those of a profile, run name or key are percent-encoded.
func (r *Record) appendAttributes(dst []providers.Attr, source string) []providers.Attr {
	dst = append(dst,
		providers.Attr{Name: "specversion", Value: "1.0"},
		providers.Attr{Name: "id", Value: r.ID},
		providers.Attr{Name: "source", Value: source},
		providers.Attr{Name: "type", Value: providers.Visible(r.Profile)},
		providers.Attr{Name: "time", Value: r.timeText},
	)
	if r.TraceParent != "" {
		dst = append(dst, providers.Attr{Name: "traceparent", Value: r.TraceParent})
	}
	if r.RunName != "" {
		dst = append(dst, providers.Attr{Name: "runname", Value: providers.Visible(r.RunName)})
	}
	if r.Key != "" {
		dst = append(dst, providers.Attr{Name: "partitionkey", Value: providers.Visible(r.Key)})
	}
	return dst
}

// sources gives the CloudEvents source of records, and remembers the last one: most have the same run name.
type sources struct{ runName, source string }

// of returns the source of r, which is fixed unless that is empty.
func (s *sources) of(r *Record, fixed string) string {
	if fixed != "" {
		return fixed
	}
	if s.source == "" || s.runName != r.RunName {
		s.runName, s.source = r.RunName, sourceOf(r.RunName)
	}
	return s.source
}

// sourceOf is the CloudEvents source of events of a run.
func sourceOf(runName string) string { return "/evhub/" + percentEncode(runName) }

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
