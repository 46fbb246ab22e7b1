package zmtp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxHandshake is the most that a peer may say in one command of the handshake.
const maxHandshake = 8 << 10

// Role is what an end of a connection is, and whom it talks to.
type Role struct {
	// Socket is the type of the own socket, Peers those that may be at the other end.
	Socket string
	Peers  []string
	// Username and Password are for the mechanism PLAIN, each at most 255 bytes. Without a Username it is NULL.
	Username, Password string
}

// Peer is what the handshake has shown.
type Peer struct {
	// Minor is the peer's minor version: 0 knows no PING.
	Minor byte
}

func (r Role) mechanism() string {
	if r.Username != "" {
		return Plain
	}
	return Null
}

// Handshake greets the peer and agrees with it on mechanism and socket types. Afterwards messages may follow both ways.
// Deadlines are the caller's.
func Handshake(in *bufio.Reader, out io.Writer, r Role) (Peer, error) {
	if _, err := out.Write(appendGreeting(nil, r.mechanism())); err != nil {
		return Peer{}, err
	}
	g, err := readGreeting(in)
	if err != nil {
		return Peer{}, err
	}
	if g.mechanism != r.mechanism() {
		return Peer{}, r.otherMechanism(g.mechanism)
	}
	if r.mechanism() == Plain {
		if err = r.login(in, out); err != nil {
			err = fmt.Errorf("logging in with username and password: %w", err)
		}
	} else {
		_, err = out.Write(AppendCommand(nil, Ready, r.metadata()))
	}
	if err != nil {
		return Peer{}, err
	}
	metadata, err := expect(in, Ready)
	if err != nil {
		return Peer{}, err
	}
	socket, err := socketType(metadata)
	if err == nil && !slices.Contains(r.Peers, socket) {
		err = fmt.Errorf("the peer is a socket of type %q; want %s", socket, strings.Join(r.Peers, " or "))
	}
	return Peer{Minor: g.minor}, err
}

func (r Role) metadata() []byte { return appendProperty(nil, "Socket-Type", r.Socket) }

// login is the client's part of PLAIN, up to the peer's READY.
func (r Role) login(in *bufio.Reader, out io.Writer) error {
	credentials := append([]byte{byte(len(r.Username))}, r.Username...)
	credentials = append(append(credentials, byte(len(r.Password))), r.Password...)
	if _, err := out.Write(AppendCommand(nil, hello, credentials)); err != nil {
		return err
	}
	if _, err := expect(in, welcome); err != nil {
		return err
	}
	_, err := out.Write(AppendCommand(nil, initiate, r.metadata()))
	return err
}

func (r Role) otherMechanism(theirs string) error {
	switch theirs {
	case Plain:
		return errors.New("the peer wants the mechanism PLAIN; give username and password")
	case Null:
		return errors.New("the peer asks for no password (mechanism NULL); leave out username and password, or have it ask")
	}
	return fmt.Errorf("the peer wants the mechanism %q; only NULL and PLAIN are possible", theirs)
}

// expect reads the command that must come next and returns its data.
func expect(in *bufio.Reader, want string) ([]byte, error) {
	f, err := ReadFrame(in, maxHandshake)
	if err != nil {
		return nil, hungUp(err)
	}
	if !f.Command {
		return nil, fmt.Errorf("the peer sent a message where the command %s belongs", want)
	}
	name, data, err := ParseCommand(f.Body)
	switch {
	case err != nil:
		return nil, err
	case name == Error:
		return nil, Refused(data)
	case name != want:
		return nil, fmt.Errorf("the peer sent the command %q where %s belongs", name, want)
	}
	return data, nil
}
