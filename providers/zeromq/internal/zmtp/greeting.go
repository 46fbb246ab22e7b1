package zmtp

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	greetingSize   = 64
	signatureSize  = 10
	mechanismStart = 12
	mechanismSize  = 20

	major, minor = 3, 1
)

// ErrNotZMTP is what a far end gets that greets in no way that ZeroMQ does.
var ErrNotZMTP = errors.New("what listens there is no ZeroMQ socket")

// appendGreeting appends the greeting of a client.
func appendGreeting(dst []byte, mechanism string) []byte {
	g := [greetingSize]byte{0: 0xff, 8: 1, 9: 0x7f, 10: major, 11: minor} // bytes 1 to 8: as libzmq has them
	copy(g[mechanismStart:mechanismStart+mechanismSize], mechanism)
	return append(dst, g[:]...)
}

// greeting is what a peer says of itself at first.
type greeting struct {
	minor     byte
	mechanism string
}

// readGreeting reads the signature on its own: an older or a foreign peer may send nothing behind it.
func readGreeting(r io.Reader) (greeting, error) {
	var g [greetingSize]byte
	if _, err := io.ReadFull(r, g[:signatureSize]); err != nil {
		return greeting{}, hungUp(err)
	}
	if g[0] != 0xff || g[9]&1 == 0 {
		return greeting{}, fmt.Errorf("%w: it greets with %q", ErrNotZMTP, g[:signatureSize])
	}
	if _, err := io.ReadFull(r, g[signatureSize:signatureSize+1]); err != nil {
		return greeting{}, hungUp(err)
	}
	if g[signatureSize] < major {
		return greeting{}, errors.New("the peer speaks an older ZMTP than 3.0; it needs ZeroMQ 4 or later")
	}
	if _, err := io.ReadFull(r, g[signatureSize+1:]); err != nil {
		return greeting{}, hungUp(err)
	}
	mechanism, padding, _ := strings.Cut(string(g[mechanismStart:mechanismStart+mechanismSize]), "\x00")
	if strings.Trim(padding, "\x00") != "" {
		return greeting{}, fmt.Errorf("the peer's greeting has a broken mechanism %q", g[mechanismStart:mechanismStart+mechanismSize])
	}
	if g[10] > major {
		return greeting{minor: minor, mechanism: mechanism}, nil // it can do what 3.1 can
	}
	return greeting{minor: g[11], mechanism: mechanism}, nil
}

// hungUp says what the end of a connection means in the middle of a handshake.
func hungUp(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the peer hung up during the handshake, as one does that wants another mechanism or kind of socket")
	}
	return err
}
