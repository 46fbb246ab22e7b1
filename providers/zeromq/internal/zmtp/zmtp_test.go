package zmtp_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

var push = zmtp.Role{Socket: "PUSH", Peers: []string{"PULL"}}

// duplex reads what the peer says and keeps what is said to it.
type duplex struct {
	in  io.Reader
	out bytes.Buffer
}

func shake(role zmtp.Role, said []byte) (zmtp.Peer, []byte, *bufio.Reader, error) {
	d := duplex{in: bytes.NewReader(said)}
	in := bufio.NewReader(d.in)
	peer, err := zmtp.Handshake(in, &d.out, role)
	return peer, d.out.Bytes(), in, err
}

// recorded returns what each end said in a connection of ansible-runner-zeromq to a PULL socket of libzmq.
func recorded(t *testing.T) (push, pull []byte) {
	t.Helper()
	file, err := os.ReadFile("testdata/runner.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		way, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if way == "push>pull" {
			push = append(push, data...)
		} else {
			pull = append(pull, data...)
		}
	}
	return push, pull
}

// What a peer gets is, byte for byte, what it gets from ansible-runner-zeromq.
func TestBytesAreThoseOfTheRunnersPlugin(t *testing.T) {
	want, pull := recorded(t)
	peer, got, _, err := shake(push, pull)
	if err != nil || peer.Minor != 1 {
		t.Fatalf("%+v, %v", peer, err)
	}
	const head = 2 // of a short frame
	got = zmtp.AppendMessage(got, want[len(got)+head:], false)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHandshakeNeedsNoMinorVersion(t *testing.T) {
	_, pull := recorded(t)
	for minor, major := range map[byte]byte{0: 3, 1: 3, 2: 3} {
		pull[10], pull[11] = major, minor
		if peer, _, _, err := shake(push, pull); err != nil || peer.Minor != minor {
			t.Errorf("3.%d: %+v, %v", minor, peer, err)
		}
	}
	pull[10], pull[11] = 4, 0
	if peer, _, _, err := shake(push, pull); err != nil || peer.Minor != 1 {
		t.Errorf("4.0: %+v, %v", peer, err)
	}
}

// after returns the recorded greeting with something else behind it.
func after(t *testing.T, mechanism string, commands ...[]byte) []byte {
	t.Helper()
	_, pull := recorded(t)
	g := pull[:64:64]
	copy(g[12:32], make([]byte, 20))
	copy(g[12:32], mechanism)
	return append(g, bytes.Join(commands, nil)...)
}

func command(name string, data ...string) []byte {
	return zmtp.AppendCommand(nil, name, []byte(strings.Join(data, "")))
}

func property(name, value string) string {
	return string(byte(len(name))) + name + "\x00\x00\x00" + string(byte(len(value))) + value
}

func TestPlain(t *testing.T) {
	role := push
	role.Username, role.Password = "user", "secret"
	said := after(t, "PLAIN", command("WELCOME"), command("READY", property("Socket-Type", "PULL")))
	_, got, _, err := shake(role, said)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Join([][]byte{
		command("HELLO", "\x04user\x06secret"), command("INITIATE", property("Socket-Type", "PUSH")),
	}, nil)
	if diff := cmp.Diff(string(want), string(got[64:])); diff != "" {
		t.Error(diff)
	}
	if mechanism := string(bytes.TrimRight(got[12:32], "\x00")); mechanism != "PLAIN" {
		t.Errorf("greets with the mechanism %q", mechanism)
	}
}

func TestHandshakeIsRefused(t *testing.T) {
	ready := command("READY", property("Socket-Type", "PULL"))
	plain := push
	plain.Username, plain.Password = "user", "c4n4ry"
	older, broken, stuffed := after(t, "NULL"), after(t, "NULL"), after(t, "NULL\x00X")
	older[10], broken[9] = 2, 0x7e
	for name, c := range map[string]struct {
		role zmtp.Role
		said []byte
		want string
	}{
		"nothing":              {push, nil, "hung up"},
		"http":                 {push, []byte("HTTP/1.1 400 Bad Request\r\n"), "no ZeroMQ socket"},
		"no signature":         {push, broken, "no ZeroMQ socket"},
		"ZMTP 2":               {push, older, "ZeroMQ 4"},
		"half a greeting":      {push, after(t, "NULL")[:40], "hung up"},
		"stuffed mechanism":    {push, stuffed, "broken mechanism"},
		"CURVE":                {push, after(t, "CURVE"), `mechanism "CURVE"`},
		"wants a password":     {push, after(t, "PLAIN"), "give username and password"},
		"wants no password":    {plain, after(t, "NULL"), "leave out username"},
		"hangs up":             {push, after(t, "NULL"), "hung up"},
		"ERROR":                {push, after(t, "NULL", command("ERROR", "\x04nope")), `refuses: "nope"`},
		"ERROR without text":   {push, after(t, "NULL", command("ERROR")), "without a reason"},
		"ERROR that lies":      {push, after(t, "NULL", command("ERROR", "\x09nope")), "without a reason"},
		"wrong password":       {plain, after(t, "PLAIN", command("ERROR", "\x0dInvalid login")), `refuses: "Invalid login"`},
		"libzmq's ERROR":       {plain, after(t, "PLAIN", []byte("\x04\x09^RROR\x03400")), `refuses: "400"`},
		"no WELCOME":           {plain, after(t, "PLAIN", ready), "WELCOME belongs"},
		"no READY":             {push, after(t, "NULL", command("PING", "\x00\x00")), "READY belongs"},
		"a message":            {push, after(t, "NULL", []byte("\x00\x02hi")), "a message where"},
		"wrong socket":         {push, after(t, "NULL", command("READY", property("Socket-Type", "SUB"))), `type "SUB"; want PULL`},
		"no socket":            {push, after(t, "NULL", command("READY", property("Identity", "x"))), "what kind"},
		"no metadata":          {push, after(t, "NULL", command("READY")), "what kind"},
		"torn metadata":        {push, after(t, "NULL", command("READY", property("Socket-Type", "PULL")[:15])), "broken command"},
		"torn value":           {push, after(t, "NULL", command("READY", property("Socket-Type", "PULL")[:18])), "broken command"},
		"long value":           {push, after(t, "NULL", command("READY", "\x01a\xff\xff\xff\xff")), "broken command"},
		"nameless property":    {push, after(t, "NULL", command("READY", "\x00\x00\x00\x00\x00")), "broken command"},
		"nameless command":     {push, after(t, "NULL", []byte("\x04\x01\x00")), "broken command"},
		"empty command":        {push, after(t, "NULL", []byte("\x04\x00")), "broken command"},
		"torn command":         {push, after(t, "NULL", []byte("\x04\x02\x05R")), "broken command"},
		"long command":         {push, after(t, "NULL", []byte("\x06\x00\x00\x00\x00\x00\x01\x00\x00")), "65536 bytes"},
		"endless command":      {push, after(t, "NULL", []byte("\x06\xff\xff\xff\xff\xff\xff\xff\xff")), "18446744073709551615 bytes"},
		"unknown flags":        {push, after(t, "NULL", []byte("\x08\x00")), "broken frame"},
		"command that goes on": {push, after(t, "NULL", []byte("\x05\x00")), "broken frame"},
	} {
		t.Run(name, func(t *testing.T) {
			_, said, _, err := shake(c.role, c.said)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ... %s ...", err, c.want)
			}
			if strings.Contains(name, "wants no") && bytes.Contains(said, []byte("c4n4ry")) {
				t.Error("the password was given to a peer that does not ask for one")
			}
		})
	}
}

func TestNamesOfPropertiesHaveNoCase(t *testing.T) {
	said := after(t, "NULL", command("READY", property("X", ""), property("socket-TYPE", "PULL"), property("Identity", "")))
	if _, _, _, err := shake(push, said); err != nil {
		t.Error(err)
	}
}

func TestFrames(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 70_000} {
		body := bytes.Repeat([]byte("x"), size)
		for _, goesOn := range []bool{false, true} {
			in := bufio.NewReader(bytes.NewReader(zmtp.AppendMessage(nil, body, goesOn)))
			f, err := zmtp.ReadFrame(in, size)
			if want := (zmtp.Frame{Body: body, More: goesOn}); err != nil || !cmp.Equal(want, f) {
				t.Errorf("%d bytes: %+v, %v", size, f, err)
			}
			if _, err := zmtp.ReadFrame(in, size); err != io.EOF { //nolint:errorlint // as it is
				t.Errorf("behind the last frame: %v", err)
			}
		}
		if size > 0 {
			in := bufio.NewReader(bytes.NewReader(zmtp.AppendMessage(nil, body, false)))
			if _, err := zmtp.ReadFrame(in, size-1); err == nil {
				t.Errorf("%d bytes: taken over the limit", size)
			}
		}
	}
	whole := zmtp.AppendMessage(nil, bytes.Repeat([]byte("x"), 300), false)
	for _, size := range []int{1, 5, 9, 100, len(whole) - 1} {
		_, err := zmtp.ReadFrame(bufio.NewReader(bytes.NewReader(whole[:size])), 300)
		if err != io.ErrUnexpectedEOF { //nolint:errorlint // as it is
			t.Errorf("torn after %d bytes: %v", size, err)
		}
	}
}

func TestPingContext(t *testing.T) {
	for data, fine := range map[string]bool{
		"\x00\x0a": true, "\x00\x00context": true, "\x00\x000123456789abcdef": true,
		"": false, "\x00": false, "\x00\x000123456789abcdefX": false,
	} {
		context, err := zmtp.PingContext([]byte(data))
		if fine != (err == nil) || fine && string(context) != data[2:] {
			t.Errorf("%q: %q, %v", data, context, err)
		}
	}
}

func FuzzHandshakeAndFrames(f *testing.F) {
	greeting, err := hex.DecodeString("ff00000000000000017f03014e554c4c" + strings.Repeat("00", 48))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(append(greeting, command("READY", property("Socket-Type", "PULL"))...), "\x01\x01a\x02\x00\x00\x00\x00\x00\x00\x00\x01b"...))
	f.Add(append(greeting, command("ERROR", "\x04nope")...))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		_, _, in, err := shake(push, said)
		for err == nil {
			var frame zmtp.Frame
			if frame, err = zmtp.ReadFrame(in, 1000); err != nil {
				return
			}
			if len(frame.Body) > 1000 || frame.Command && frame.More {
				t.Fatalf("%+v", frame)
			}
			if !frame.Command {
				again, err := zmtp.ReadFrame(bufio.NewReader(bytes.NewReader(zmtp.AppendMessage(nil, frame.Body, frame.More))), 1000)
				if err != nil || !cmp.Equal(frame, again) {
					t.Fatalf("%+v came back as %+v, %v", frame, again, err)
				}
				continue
			}
			if name, data, err := zmtp.ParseCommand(frame.Body); err == nil {
				if got := zmtp.AppendCommand(nil, name, data); frame.Body[0] != '^' && !bytes.HasSuffix(got, frame.Body) {
					t.Fatalf("%q came back as %q", frame.Body, got)
				}
				_, _ = zmtp.PingContext(data)
				_ = zmtp.Refused(data)
			}
		}
	})
}
