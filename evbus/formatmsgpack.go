package evbus

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/evhub/evhub/internal/idemjson"
)

// appendMsgpack writes Idem's envelope as its serializer msgpack does. What is an integer in JSON stays one; those that
// do not fit into 64 bits are texts, as Idem has them. Opaque bodies are bytes.
func appendMsgpack(dst []byte, r *Record, _ string) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	p := packer{enc: msgpack.NewEncoder(out)}
	p.keep(p.enc.EncodeMapLen(3))
	p.member("tags", r.Tags)
	if text := r.publishError(); text != nil { // see appendIdem
		p.runName(r)
		p.member(publishErrorKey, text)
	} else {
		p.message(r)
		p.runName(r)
	}
	if p.err != nil {
		return dst, fmt.Errorf("format msgpack: %w", p.err)
	}
	return out.Bytes(), nil
}

// packer writes JSON as msgpack, until it fails.
type packer struct {
	enc  *msgpack.Encoder
	text []byte // memory for strings
	err  error
}

func (p *packer) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *packer) runName(r *Record) {
	p.keep(p.enc.EncodeString("run_name"))
	p.keep(p.enc.EncodeString(r.RunName))
}

func (p *packer) message(r *Record) {
	if !r.Opaque {
		p.member("message", r.Data)
		return
	}
	p.keep(p.enc.EncodeString("message"))
	p.keep(p.enc.EncodeBytes(r.Data))
}

// member writes a key and a value, which is in Idem's spelling.
func (p *packer) member(key string, spelled []byte) {
	p.keep(p.enc.EncodeString(key))
	sizes := sizesOf(spelled)
	for i := 0; i < len(spelled) && p.err == nil; {
		end := idemjson.TokenEnd(spelled, i)
		token := spelled[i:end]
		switch token[0] {
		case '{':
			p.keep(p.enc.EncodeMapLen(sizes[0]))
			sizes = sizes[1:]
		case '[':
			p.keep(p.enc.EncodeArrayLen(sizes[0]))
			sizes = sizes[1:]
		case '}', ']', ',', ':', ' ':
		default:
			if err := p.scalar(token); err != nil {
				p.keep(fmt.Errorf("%s, byte %d: %w", key, i, err))
			}
		}
		i = end
	}
}

// sizesOf returns how many elements or members each array and object of spelled text has, in the order in which they
// begin: msgpack says so before them.
func sizesOf(spelled []byte) (sizes []int) {
	var open []int // the indices in sizes of those that have begun
	for i := 0; i < len(spelled); {
		end := idemjson.TokenEnd(spelled, i)
		switch spelled[i] {
		case '{', '[':
			open = append(open, len(sizes))
			sizes = append(sizes, 0)
			if next := spelled[end]; next != '}' && next != ']' {
				sizes[len(sizes)-1] = 1
			}
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			sizes[open[len(open)-1]]++
		}
		i = end
	}
	return sizes
}

func (p *packer) scalar(token []byte) (err error) {
	switch token[0] {
	case '"':
		if p.text, err = idemjson.AppendUnquoted(p.text[:0], token); err != nil {
			return err
		}
		return p.enc.EncodeString(string(p.text))
	case 't', 'f':
		return p.enc.EncodeBool(token[0] == 't')
	case 'n':
		return p.enc.EncodeNil()
	}
	return p.number(string(token))
}

var errTooLargeNumber = errors.New("no floating point number of 64 bits is as large")

func (p *packer) number(digits string) error {
	if strings.ContainsAny(digits, ".eE") {
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			return fmt.Errorf("%.40s: %w", digits, errTooLargeNumber)
		}
		return p.enc.EncodeFloat64(f)
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return p.enc.EncodeInt(n)
	}
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
		return p.enc.EncodeUint(n)
	}
	return p.enc.EncodeString(digits)
}
