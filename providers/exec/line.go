package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evhub/evhub/providers"
)

// event is a line for the program.
type event struct {
	Seq         uint64          `json:"seq"`
	ID          string          `json:"id"`
	Profile     string          `json:"profile"`
	RunName     string          `json:"run_name"`
	Key         string          `json:"key,omitempty"`
	Time        time.Time       `json:"time"`
	Attempt     int             `json:"attempt"`
	ContentType string          `json:"content_type"`
	Body        json.RawMessage `json:"body,omitempty"`
	BodyBase64  *[]byte         `json:"body_base64,omitempty"`
}

// encode returns the line for m.
func encode(m *providers.Message) ([]byte, error) {
	e := event{
		Seq: m.Seq, ID: m.ID, Profile: m.Profile, RunName: m.RunName, Key: m.Key, Time: m.Time, Attempt: m.Attempt,
		ContentType: m.ContentType,
	}
	if isJSON(m.ContentType) && utf8.Valid(m.Body) && json.Valid(m.Body) {
		e.Body = m.Body
	} else {
		e.BodyBase64 = &m.Body
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(e) // one line, whatever white space the body has
	return line.Bytes(), err
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

// reply is a line of the program. One kind of line serves for all that it can say, so that a misspelled key is found.
type reply struct {
	Ready      bool     `json:"ready"`
	Seq        *uint64  `json:"seq"`
	OK         *bool    `json:"ok"`
	Error      *string  `json:"error"`
	Permanent  bool     `json:"permanent"`
	RetryAfter duration `json:"retry_after"`
}

// duration is a time in Go's spelling, such as 2s.
type duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("retry_after is %q; want a time such as \"2s\"", text)
	}
	*d = duration(parsed)
	return nil
}

const (
	// maxReply is the longest line that a program may answer with.
	maxReply = 64 << 10
	// quoted is how much of what it says stands in an error.
	quoted = 200
)

// parseReply is strict: a program that is misunderstood would have its events taken for delivered. scrub takes secrets out of
// what is quoted.
func parseReply(line []byte, scrub *strings.Replacer) (reply, error) {
	var r reply
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&r)
	if err == nil && len(bytes.TrimSpace(line[decoder.InputOffset():])) > 0 {
		err = errors.New("something follows the answer")
	}
	if err != nil {
		return reply{}, fmt.Errorf("the program printed %q, which is no answer such as {\"seq\": 1}; what is for people belongs on standard error: %s",
			shorten(scrub.Replace(string(bytes.TrimSpace(line))), quoted), shorten(scrub.Replace(err.Error()), quoted))
	}
	return r, nil
}

// outcome is what the answer to an event means for it. scrub takes secrets out of the reason.
func (r reply) outcome(scrub *strings.Replacer) error {
	if r.Error == nil && (r.OK == nil || *r.OK) {
		return nil
	}
	text := "no reason given"
	if r.Error != nil {
		text = shorten(scrub.Replace(*r.Error), maxReason)
	}
	err := fmt.Errorf("the program failed: %s", providers.Visible(text))
	if r.Permanent {
		return providers.Permanent(err)
	}
	return providers.RetryAfter(err, time.Duration(r.RetryAfter))
}

// maxReason is how much of a program's reason is kept, in dead letters too.
const maxReason = 1000

// contradicts returns what is wrong with an answer to an event.
func (r reply) contradicts() error {
	failed := r.Error != nil || r.OK != nil && !*r.OK
	switch {
	case r.Ready, r.Seq == nil:
		return errors.New(`an answer needs the "seq" of its event, and "ready" comes once`)
	case r.Error != nil && r.OK != nil && *r.OK:
		return errors.New(`an answer has both "ok": true and "error"`)
	case !failed && (r.Permanent || r.RetryAfter > 0):
		return errors.New(`an answer has "permanent" or "retry_after", but no "error"`)
	case r.Permanent && r.RetryAfter > 0:
		return errors.New(`an answer has both "permanent" and "retry_after"`)
	}
	return nil
}
