package evbus

import (
	"bytes"
	"slices"
	"strings"

	"github.com/evhub/evhub/internal/idemjson"
)

// What marks the events that tell of a failed delivery, as Idem has them.
const (
	publishErrorRef = "idem.event.publish_error_callback_handler"
	publishErrorKey = "publish_event_error_message"
)

// PublishError returns the event that Idem fires on the same profile when a plugin could not publish r: it has the tags
// of r, and message in place of r's own.
func (r *Record) PublishError(plugin, message string) Event {
	tags := withTag(idemjson.Parts(r.Tags), "ref", publishErrorRef)
	tags = withTag(tags, "plugin", plugin)
	body := append([]byte(`{"`+publishErrorKey+`": `), spelled(message)...)
	return Event{
		Profile: r.Profile, RunName: r.RunName, Key: r.Key, TraceParent: r.TraceParent,
		Tags: rawJSON(idemjson.AppendObjectOf(nil, tags)), Body: rawJSON(append(body, '}')),
	}
}

// IsPublishError reports whether r is such an event.
func (r *Record) IsPublishError() bool { return r.publishError() != nil }

// withTag sets one of tags, where it is or at the end.
func withTag(tags []idemjson.Part, key, value string) []idemjson.Part {
	tag := idemjson.Part{Key: spelled(key), Value: spelled(value)}
	i := slices.IndexFunc(tags, func(p idemjson.Part) bool { return bytes.Equal(p.Key, tag.Key) })
	if i < 0 {
		return append(tags, tag)
	}
	tags[i] = tag
	return tags
}

// spelled is s as a JSON string; what is no UTF-8 in it is replaced.
func spelled(s string) []byte {
	quoted, _ := idemjson.AppendString(nil, strings.ToValidUTF8(s, "\ufffd")) // fails for nothing else
	return quoted
}

// publishError returns the text, quoted, of an event that tells of a failed delivery; nil if r is another event.
func (r *Record) publishError() []byte {
	const start = `{"` + publishErrorKey + `": "`
	if !bytes.HasPrefix(r.Data, []byte(start)) || r.Opaque {
		return nil
	}
	members := idemjson.Parts(r.Data)
	if len(members) != 1 || !bytes.Contains(r.Tags, []byte(`"ref": "`+publishErrorRef+`"`)) {
		return nil
	}
	return members[0].Value
}
