package zmtp

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Bits of a frame's first byte.
const (
	more    = 1
	long    = 2
	command = 4
)

// Frame is one frame of a peer.
type Frame struct {
	// More: the message goes on in the next frame.
	More bool
	// Command: Body is a command and no part of a message.
	Command bool
	Body    []byte
}

// AppendMessage appends a frame of a message. More says that it goes on in the next frame.
func AppendMessage(dst, body []byte, goesOn bool) []byte {
	var flags byte
	if goesOn {
		flags = more
	}
	return append(appendHead(dst, flags, len(body)), body...)
}

func appendHead(dst []byte, flags byte, size int) []byte {
	if size > 255 {
		return binary.BigEndian.AppendUint64(append(dst, flags|long), uint64(size))
	}
	return append(dst, flags, byte(size))
}

// ReadFrame reads a frame of at most limit bytes; nothing is allocated for a longer one. The error is io.EOF only if the
// peer hung up between frames.
func ReadFrame(r *bufio.Reader, limit int) (Frame, error) {
	flags, err := r.ReadByte()
	if err != nil {
		return Frame{}, err
	}
	if flags&^(more|long|command) != 0 || flags&command != 0 && flags&more != 0 {
		return Frame{}, fmt.Errorf("the peer sent a broken frame (flags %#x)", flags)
	}
	size, err := readSize(r, flags&long != 0)
	if err != nil {
		return Frame{}, torn(err)
	}
	if size > uint64(limit) {
		return Frame{}, fmt.Errorf("the peer sent a frame of %d bytes; %d are the most that it has any use for", size, limit)
	}
	f := Frame{More: flags&more != 0, Command: flags&command != 0, Body: make([]byte, size)}
	if _, err := io.ReadFull(r, f.Body); err != nil {
		return Frame{}, torn(err)
	}
	return f, nil
}

func readSize(r *bufio.Reader, wide bool) (uint64, error) {
	var b [8]byte
	if !wide {
		one, err := r.ReadByte()
		return uint64(one), err
	}
	_, err := io.ReadFull(r, b[:])
	return binary.BigEndian.Uint64(b[:]), err
}

func torn(err error) error {
	if err == io.EOF { //nolint:errorlint // what bufio and ReadFull return as it is
		return io.ErrUnexpectedEOF
	}
	return err
}
