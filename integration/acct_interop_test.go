package integration

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/integration/pythons"
)

// exchanged is a file in which acct and evhub have to see the same.
const exchanged = `# the comments are lost
kafka:
  idem-*: &idem
    topics: [idem-prod, "é ☃ 😀"]
    connection: {bootstrap_servers: "127.0.0.1:19092", sasl_plain_password: {env: PW}}
    partition: ~
    nested: [[1, [2, {a: [b]}]], [], {}]
  copy: {<<: *idem}
  alias: *idem
pika:
  - idem-status: {connection: {password: "päss: wörd #1", port: 15673}, routing_key: ""}
  - idem-status: {connection: {password: 'it''s', port: 5672}}
default: prod
backend_key: my-backends
misc:
  times: [2024-03-19, 2024-03-19 12:00:00.123456+00:00, 2024-03-19 12:00:00, 2024-03-19T12:00:00Z, !!timestamp 2024-01-02]
  nothing: [~, null, Null, NULL, ]
  truths: [yes, Yes, YES, no, No, NO, true, True, TRUE, false, off, Off, on, On, y, n, Y, yEs, tRue]
  numbers: [0, 1, -1, +1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, 9223372036854775807, 9223372036854775808,
    18446744073709551615, 18446744073709551616, -32, -33, -128, -129, -32768, -32769, -2147483649, -9223372036854775808, -9223372036854775809,
    1_000, 0x1F, 0xff_ff, -0x10, 0b101, -0b11, 017, -017, +017, 00, 0_7, 0o17, 089, 1:30, 190:20:30, 1:60, -1:30]
  fractions: [0.0, -0.0, 1.5, 1., .5, -.5, +1.5, 1_0.5, 1e3, 1.0e3, 1.0e+3, 1.0e-3, 1.5E+300, 1.0e+400, .inf, -.inf, +.INF, 1:30.5, 0.1, 1.0e-7, .]
  text: [plain, "1", '1.5', "yes", "~", "null", "<<", "=", "- a", "a: b", " lead", "trail ", "#", "a #b", "*a", "&a", "!a", "%a", "@a", "?", "|", ">", "[", "]", "'", '"', "\\", "\0", "\t", "\u2028", "\x7f", "\x85"]
  tagged: [!!str 1, !!int "7", !!float 2, !!bool "yes", !!null "", !!binary aGVsbG8=]
  block: |
    -----BEGIN KEY-----
    abc
    -----END KEY-----
  folded: >-
    one
    line
  1: one
  -1.5: key
  no: key
  ~: key
  "2": text
  2024-01-01: key
`

// inside prints what is in encrypted files, value by value and then as the bytes themselves.
const inside = `
import base64, msgpack, pprint, sys
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
plugin, key, path = sys.argv[1:]
data = open(path, "rb").read()
if plugin == "fernet":
    data = Fernet(key).decrypt(data)
else:
    data = AESGCM(base64.b64decode(key)).decrypt(data[:12], data[12:], None)
pprint.pprint(msgpack.unpackb(data, strict_map_key=False), sort_dicts=False, width=1)
print(data.hex())
`

// acctPlace is a directory with the real acct and evhub.
type acctPlace struct {
	t      *testing.T
	python pythons.Env
	evhub  string
	dir    string
}

func newAcctPlace(t *testing.T) *acctPlace {
	t.Helper()
	return &acctPlace{t, pythons.Need(t, "acct==8.6.2", "pop-serial==2.0.0"), build(t), t.TempDir()}
}

func (p *acctPlace) write(name, content string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// run runs a program of the Python environment, or evhub, with a key in the environment, and returns what it prints.
func (p *acctPlace) run(key, name string, args ...string) string {
	p.t.Helper()
	cmd := p.python.Command(p.t.Context(), name, args...)
	if name == "evhub" {
		cmd.Path = p.evhub
	}
	if key != "" {
		cmd.Env = append(cmd.Env, "ACCT_KEY="+key)
	}
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &out, &errs
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("%s %v: %v\n%s%s", name, args, err, &out, &errs)
	}
	return out.String()
}

// TestAcctAndEvhubExchangeFiles encrypts one file with both and has each read what the other wrote, with keys of either.
func TestAcctAndEvhubExchangeFiles(t *testing.T) {
	p := newAcctPlace(t)
	plain := p.write("acct.yaml", exchanged)
	for _, plugin := range []string{"fernet", "aesgcm256"} {
		t.Run(plugin, func(t *testing.T) {
			p.t = t
			theirs, ours := filepath.Join(p.dir, "theirs."+plugin), filepath.Join(p.dir, "ours."+plugin)
			key := strings.TrimSpace(p.run("", "acct", "encrypt", plain, "--crypto-plugin", plugin, "--output-file", theirs))
			p.run(key, "evhub", "acct", "encrypt", plain, "--crypto-plugin", plugin, "--output-file", ours)

			// The very bytes inside are the same.
			packed := p.run("", "python", "-c", inside, plugin, key, theirs)
			if diff := cmp.Diff(packed, p.run("", "python", "-c", inside, plugin, key, ours)); diff != "" {
				t.Errorf("acct and evhub encrypt different data (-acct +evhub):\n%s", diff)
			}
			shown := p.run(key, "acct", "decrypt", theirs, "--crypto-plugin", plugin)
			if diff := cmp.Diff(shown, p.run(key, "acct", "decrypt", ours, "--crypto-plugin", plugin)); diff != "" {
				t.Errorf("acct sees in its file and in evhub's (-theirs +ours):\n%s", diff)
			}
			// What evhub prints of acct's file is the same tree once more, and for acct too.
			text := p.write("again.yaml", p.run(key, "evhub", "acct", "decrypt", theirs))
			newKey := strings.TrimSpace(p.run("", "evhub", "acct", "encrypt", text, "--crypto-plugin", plugin, "--output-file", ours, "--force"))
			if diff := cmp.Diff(shown, p.run(newKey, "acct", "decrypt", ours, "--crypto-plugin", plugin)); diff != "" {
				t.Errorf("acct sees after evhub decrypted and encrypted (-before +after):\n%s", diff)
			}
		})
	}
}
