package zmtp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

var errBrokenCommand = errors.New("the peer sent a broken command")

// AppendCommand appends a command with its data.
func AppendCommand(dst []byte, name string, data ...[]byte) []byte {
	size := 1 + len(name)
	for _, d := range data {
		size += len(d)
	}
	dst = append(appendHead(dst, command, size), byte(len(name)))
	dst = append(dst, name...)
	for _, d := range data {
		dst = append(dst, d...)
	}
	return dst
}

// misspelled is how libzmq's PLAIN begins an ERROR: its source has "\x5ERROR", which C reads as 0x5e and RROR.
const misspelled = "^RROR"

// ParseCommand splits the body of a command's frame.
func ParseCommand(body []byte) (name string, data []byte, err error) {
	if reason, ok := bytes.CutPrefix(body, []byte(misspelled)); ok {
		return Error, reason, nil
	}
	if len(body) == 0 || int(body[0]) > len(body)-1 || body[0] == 0 {
		return "", nil, errBrokenCommand
	}
	end := 1 + int(body[0])
	return string(body[1:end]), body[end:], nil
}

// Refused returns what an ERROR command says, as an error. The reason is untrusted text.
func Refused(data []byte) error {
	if len(data) == 0 || int(data[0]) != len(data)-1 {
		return errors.New("the peer refuses, without a reason")
	}
	return fmt.Errorf("the peer refuses: %q", data[1:])
}

// PingContext returns the context of a PING, which its PONG must bring back.
func PingContext(data []byte) ([]byte, error) {
	const ttl = 2
	if len(data) < ttl || len(data) > ttl+MaxPingContext {
		return nil, errBrokenCommand
	}
	return data[ttl:], nil
}

// Metadata: pairs of a name and a value; names are case-insensitive.
func appendProperty(dst []byte, name, value string) []byte {
	dst = append(append(dst, byte(len(name))), name...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	return append(dst, value...)
}

// socketType returns the property Socket-Type of metadata.
func socketType(metadata []byte) (string, error) {
	found := ""
	for rest := metadata; len(rest) > 0; {
		size := int(rest[0])
		if size == 0 || len(rest) < 1+size+4 {
			return "", errBrokenCommand
		}
		name := string(rest[1 : 1+size])
		rest = rest[1+size:]
		length := binary.BigEndian.Uint32(rest)
		if rest = rest[4:]; uint64(length) > uint64(len(rest)) {
			return "", errBrokenCommand
		}
		if strings.EqualFold(name, "Socket-Type") {
			found = string(rest[:length])
		}
		rest = rest[length:]
	}
	if found == "" {
		return "", errors.New("the peer does not say what kind of socket it is")
	}
	return found, nil
}
