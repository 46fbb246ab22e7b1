package demo

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// destination is what the demo knows of one entry of its acct file, to check evhub's word against.
type destination struct {
	name, identity, pattern string
}

// The destinations, in the order of the acct file.
var (
	toStream  = destination{"stream", "nats:stream", "idem-*"}
	toWebhook = destination{"webhook", "http:webhook", "idem-status"}
	toAudit   = destination{"audit", "file:audit", "*"}
	toConsole = destination{"console", "console:console", "idem-log*"}
)

var destinations = []destination{toStream, toWebhook, toAudit, toConsole}

// wants reports whether events of profile are for d. It does not ask evhub.
func (d destination) wants(profile string) bool {
	ok, _ := path.Match(d.pattern, profile) // the patterns are well formed
	return ok
}

const acctTemplate = `match_plugin: glob
nats:
  "idem-*":                      # all that Idem fires
    name: stream
    servers: NATS
    stream: IDEM                 # the subject is the event's profile
http:                            # list form: a pattern may repeat
  - idem-status:                 # this profile alone
      name: webhook
      url: WEBHOOK
      token: {file: token}       # secrets can stay out of the file
      delivery: {retry: {min: 20ms, max: 200ms}}
file:
  "*":                           # every event
    name: audit
    path: PATH
console:
  "idem-log*":
    name: console
`

const token = "demo-token"

// acctText is the acct file. The path stands in single quotes, which keep whatever a directory's name holds; two of
// them stand for one.
func acctText(nats, webhook, dir string) string {
	path := "'" + strings.ReplaceAll(eventsPath(dir), "'", "''") + "'"
	return strings.NewReplacer("NATS", nats, "WEBHOOK", webhook, "PATH", path).Replace(acctTemplate)
}

// writeAcct writes the acct file and what it refers to into dir, and returns the file's path.
func writeAcct(dir, text string) (string, error) {
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(token+"\n"), 0o600); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "acct.yaml")
	return name, os.WriteFile(name, []byte(text), 0o600)
}

func eventsPath(dir string) string { return filepath.Join(dir, "events.jsonl") }
