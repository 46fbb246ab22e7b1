package acct

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"gopkg.in/yaml.v3"
)

var errBinary = errors.New("is binary data that is no UTF-8 text, which acct cannot read back from an encrypted file")

// pack returns the file's tree as the msgpack that acct encrypts.
func (f *File) pack() ([]byte, []Warning, error) {
	if f.doc == nil {
		return []byte{0x80}, nil, nil // an empty map
	}
	if errs := f.checkTree(f.doc, ""); len(errs) > 0 {
		return nil, nil, f.join(errs)
	}
	var buf bytes.Buffer
	p := packer{file: f, enc: msgpack.NewEncoder(&buf)}
	p.node(f.doc, "")
	if len(p.errs) > 0 {
		return nil, nil, f.join(p.errs)
	}
	return buf.Bytes(), p.warnings, nil
}

// packer writes nodes as msgpack. Writing to its buffer cannot fail.
type packer struct {
	file     *File
	enc      *msgpack.Encoder
	warnings []Warning
	errs     []error
}

func (p *packer) node(n *yaml.Node, key string) {
	switch n = deref(n); n.Kind {
	case yaml.MappingNode:
		p.mapping(n, key)
	case yaml.SequenceNode:
		_ = p.enc.EncodeArrayLen(len(n.Content))
		for i, e := range n.Content {
			p.node(e, element(key, i))
		}
	default:
		p.scalar(n, key)
	}
}

func (p *packer) mapping(n *yaml.Node, path string) {
	all, keys := pairs(n), make(map[string]bool)
	_ = p.enc.EncodeMapLen(len(all))
	for _, child := range all {
		key := below(path, child.key)
		switch id := identity(deref(child.at)); {
		case keys[id]:
			p.errs = append(p.errs, p.file.errorf(child.at, key, "is the same key for acct as an earlier one; remove one, or put quotes around it"))
		default:
			keys[id] = true
		}
		p.scalar(deref(child.at), key)
		p.node(child.value, key)
	}
}

// identity returns a text that two keys share if they are equal in Python, where true is 1 and 1.0 is 1.
func identity(key *yaml.Node) string {
	v, _ := acctValue(key) // what is wrong with it is reported where it is written
	switch value := v.(type) {
	case string:
		return "text " + value
	case []byte:
		return "text " + string(value)
	case bool:
		if value {
			return "1"
		}
		return "0"
	case float64:
		if value == math.Trunc(value) && !math.IsInf(value, 0) {
			whole, _ := big.NewFloat(value).Int(nil)
			return whole.String()
		}
	}
	return canonical(v)
}

func (p *packer) scalar(n *yaml.Node, key string) {
	v, err := acctValue(n)
	if err != nil {
		p.errs = append(p.errs, p.file.errorAt(n, key, err))
		return
	}
	switch v := v.(type) {
	case nil:
		_ = p.enc.EncodeNil()
	case bool:
		_ = p.enc.EncodeBool(v)
	case float64:
		_ = p.enc.EncodeFloat64(v)
	case *big.Int:
		p.int(v)
	case string:
		p.text(n, key, v)
		return
	case []byte:
		if !utf8.Valid(v) {
			p.errs = append(p.errs, p.file.errorAt(n, key, errBinary))
		}
		_ = p.enc.EncodeBytes(v)
		return
	}
	if written := canonical(v); v != nil && n.Value != written && !strings.EqualFold(n.Value, written) {
		p.warn(n, key, "is "+kindOf(v)+" for acct (YAML 1.1), and will be written in another way; put quotes around it if it is text")
	}
}

// kindOf says what v is, for warnings; never its value.
func kindOf(v any) string {
	if _, ok := v.(bool); ok {
		return "true or false"
	}
	return "a number"
}

// int writes what msgpack cannot hold as text, as acct does.
func (p *packer) int(i *big.Int) {
	switch {
	case i.IsInt64():
		_ = p.enc.EncodeInt(i.Int64())
	case i.IsUint64():
		_ = p.enc.EncodeUint(i.Uint64())
	default:
		_ = p.enc.EncodeString(i.String())
	}
}

func (p *packer) text(n *yaml.Node, key, text string) {
	_ = p.enc.EncodeString(text)
	if strings.Contains(text, "{{") || strings.Contains(text, "{%") {
		p.warn(n, key, "looks like Jinja, which acct would have rendered when it encrypts the file; here it stays as it is written")
	}
}

func (p *packer) warn(n *yaml.Node, key, text string) {
	p.warnings = append(p.warnings, Warning{File: p.file.Name, Line: n.Line, Key: key, Text: text})
}
