package amqptest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	frameMethod    = 1
	frameHeader    = 2
	frameBody      = 3
	frameHeartbeat = 8
	frameEnd       = 0xCE
)

// method numbers: class << 16 | method.
const (
	connectionStart     = 10<<16 | 10
	connectionStartOK   = 10<<16 | 11
	connectionTune      = 10<<16 | 30
	connectionTuneOK    = 10<<16 | 31
	connectionOpen      = 10<<16 | 40
	connectionOpenOK    = 10<<16 | 41
	connectionClose     = 10<<16 | 50
	connectionCloseOK   = 10<<16 | 51
	connectionBlocked   = 10<<16 | 60
	connectionUnblocked = 10<<16 | 61
	channelOpen         = 20<<16 | 10
	channelOpenOK       = 20<<16 | 11
	channelClose        = 20<<16 | 40
	channelCloseOK      = 20<<16 | 41
	exchangeDeclare     = 40<<16 | 10
	exchangeDeclareOK   = 40<<16 | 11
	queueDeclare        = 50<<16 | 10
	queueDeclareOK      = 50<<16 | 11
	basicPublish        = 60<<16 | 40
	basicReturn         = 60<<16 | 50
	basicAck            = 60<<16 | 80
	basicNack           = 60<<16 | 120
	confirmSelect       = 85<<16 | 10
	confirmSelectOK     = 85<<16 | 11
)

type frame struct {
	kind    byte
	channel uint16
	payload []byte
}

func readFrame(r *bufio.Reader) (frame, error) {
	var head [7]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	f := frame{kind: head[0], channel: binary.BigEndian.Uint16(head[1:])}
	f.payload = make([]byte, binary.BigEndian.Uint32(head[3:]))
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, err
	}
	end, err := r.ReadByte()
	if err == nil && end != frameEnd {
		err = fmt.Errorf("frame of type %d ends with %#x", f.kind, end)
	}
	return f, err
}

func (f frame) append(b []byte) []byte {
	b = append(b, f.kind)
	b = binary.BigEndian.AppendUint16(b, f.channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.payload)))
	b = append(b, f.payload...)
	return append(b, frameEnd)
}

// args builds the payload of a method.
type args []byte

func method(number uint32) args {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(number>>16)), uint16(number))
}

func (a args) octet(v byte) args      { return append(a, v) }
func (a args) short(v uint16) args    { return binary.BigEndian.AppendUint16(a, v) }
func (a args) long(v uint32) args     { return binary.BigEndian.AppendUint32(a, v) }
func (a args) quad(v uint64) args     { return binary.BigEndian.AppendUint64(a, v) }
func (a args) text(s string) args     { return append(append(a, byte(len(s))), s...) }
func (a args) longText(s string) args { return append(a.long(uint32(len(s))), s...) }

func (a args) frame(channel uint16) frame { return frame{frameMethod, channel, a} }

// fields takes the payload of a method apart. Reading beyond the end yields zeros: a test's client is trusted.
type fields struct{ rest []byte }

func (f *fields) take(n int) []byte {
	if n > len(f.rest) {
		f.rest = nil
		return make([]byte, min(n, 8))
	}
	taken := f.rest[:n]
	f.rest = f.rest[n:]
	return taken
}

func (f *fields) octet() byte      { return f.take(1)[0] }
func (f *fields) short() uint16    { return binary.BigEndian.Uint16(f.take(2)) }
func (f *fields) long() uint32     { return binary.BigEndian.Uint32(f.take(4)) }
func (f *fields) quad() uint64     { return binary.BigEndian.Uint64(f.take(8)) }
func (f *fields) text() string     { return string(f.take(int(f.octet()))) }
func (f *fields) longText() string { return string(f.take(int(f.long()))) }

// table reads those types of values that the provider sends.
func (f *fields) table() map[string]any {
	inner := fields{[]byte(f.longText())}
	values := make(map[string]any)
	for len(inner.rest) > 0 {
		name := inner.text()
		switch kind := inner.octet(); kind {
		case 'S':
			values[name] = inner.longText()
		case 't':
			values[name] = inner.octet() != 0
		case 'F':
			values[name] = inner.table()
		case 'I':
			values[name] = int32(inner.long())
		case 'l':
			values[name] = int64(inner.quad())
		default:
			values[name] = fmt.Sprintf("value of type %c", kind)
			return values
		}
	}
	return values
}
