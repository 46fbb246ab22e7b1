package acct

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"gopkg.in/yaml.v3"
)

// pythonTime is how Python prints the times that acct puts into msgpack.
const pythonTime = "2006-01-02 15:04:05.999999-07:00"

var errNotMsgpack = errors.New("decrypts, but holds no msgpack mapping; encrypt it with acct's default serial plugin (msgpack)")

// nodesFromMsgpack turns msgpack into the tree that YAML would have given, so that one way of decoding serves both.
// Keys keep their order.
func nodesFromMsgpack(data []byte) (*yaml.Node, error) {
	in := bytes.NewReader(data) // from which the decoder takes no more than it needs
	u := unpacker{in: in, dec: msgpack.NewDecoder(in)}
	root, err := u.node()
	switch {
	case errors.Is(err, errTooMany):
		return nil, err
	case errors.Is(err, errBinary):
		return nil, err
	case err != nil, root.Kind != yaml.MappingNode && !isNull(root):
		return nil, errNotMsgpack
	}
	if _, err := u.dec.PeekCode(); !errors.Is(err, io.EOF) {
		return nil, errNotMsgpack
	}
	return root, nil
}

type unpacker struct {
	in    *bytes.Reader
	dec   *msgpack.Decoder
	nodes int
}

func (u *unpacker) node() (*yaml.Node, error) {
	if u.nodes++; u.nodes > maxNodes {
		return nil, errTooMany
	}
	code, err := u.dec.PeekCode()
	switch {
	case err != nil:
		return nil, err
	case msgpcode.IsFixedMap(code), code == msgpcode.Map16, code == msgpcode.Map32:
		n, err := u.dec.DecodeMapLen()
		if err != nil {
			return nil, err
		}
		return u.children(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, 2*n)
	case msgpcode.IsFixedArray(code), code == msgpcode.Array16, code == msgpcode.Array32:
		n, err := u.dec.DecodeArrayLen()
		if err != nil {
			return nil, err
		}
		return u.children(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}, n)
	case msgpcode.IsBin(code):
		return u.binary()
	case msgpcode.IsExt(code):
		t, err := u.dec.DecodeTime()
		return scalarNode("!!str", t.UTC().Format(pythonTime)), err
	}
	return u.scalar()
}

func (u *unpacker) children(parent *yaml.Node, n int) (*yaml.Node, error) {
	for range n {
		child, err := u.node()
		if err != nil {
			return nil, err
		}
		parent.Content = append(parent.Content, child)
	}
	return parent, nil
}

func (u *unpacker) scalar() (*yaml.Node, error) {
	value, err := u.dec.DecodeInterface()
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case nil:
		return scalarNode("!!null", "null"), nil
	case string:
		return textNode(v)
	case bool:
		return scalarNode("!!bool", strconv.FormatBool(v)), nil
	case float32:
		return scalarNode("!!float", canonicalFloat(float64(v))), nil
	case float64:
		return scalarNode("!!float", canonicalFloat(v)), nil
	}
	return scalarNode("!!int", fmt.Sprint(value)), nil
}

// binary is text, as it is for acct. The decoder would make room for as much as the length says.
func (u *unpacker) binary() (*yaml.Node, error) {
	n, err := u.dec.DecodeBytesLen()
	if err != nil || n > u.in.Len() {
		return nil, errNotMsgpack
	}
	raw := make([]byte, n)
	if err := u.dec.ReadFull(raw); err != nil {
		return nil, err
	}
	if !utf8.Valid(raw) {
		return nil, errBinary
	}
	return textNode(string(raw))
}

func textNode(s string) (*yaml.Node, error) {
	if !utf8.ValidString(s) {
		return nil, errNotMsgpack
	}
	return scalarNode("!!str", s), nil
}

// scalarNode returns a node whose tag counts, whatever its value looks like.
func scalarNode(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.TaggedStyle, Tag: tag, Value: value}
}
