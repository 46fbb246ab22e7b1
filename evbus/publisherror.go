package evbus

import (
	"bytes"

	"github.com/evhub/evhub/internal/idemjson"
)

// What marks the events that tell of a failed delivery, as Idem has them.
const (
	publishErrorRef = "idem.event.publish_error_callback_handler"
	publishErrorKey = "publish_event_error_message"
)

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
