package acct

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"
)

// YAML returns the file's tree as YAML, in which aliases and merge keys are resolved and comments lost. Reading it gives
// the same tree, here and in acct.
func (f *File) YAML() ([]byte, error) {
	if f.doc == nil {
		return []byte("{}\n"), nil
	}
	packed, _, err := f.pack()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(printable(f.doc)); err != nil {
		return nil, f.wrong("cannot be written as YAML: %w", err)
	}
	if err := f.checkPrinted(buf.Bytes(), packed); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// checkPrinted makes sure that text holds the same tree, so that nothing gets lost by editing a file.
func (f *File) checkPrinted(text, packed []byte) error {
	again, err := parse(f.Name, text, f.getenv)
	if err != nil {
		return f.wrong("cannot be written as YAML: %w", err)
	}
	if after, _, err := again.pack(); err != nil || !bytes.Equal(packed, after) {
		return f.wrong("cannot be written as YAML that means the same")
	}
	return nil
}

// printable returns a copy of n, below which every scalar has been found right, that prints as it should.
func printable(n *yaml.Node) *yaml.Node {
	switch n = deref(n); n.Kind {
	case yaml.MappingNode:
		bare := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, p := range pairs(n) {
			bare.Content = append(bare.Content, printableScalar(deref(p.at)), printable(p.value))
		}
		return bare
	case yaml.SequenceNode:
		bare := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, e := range n.Content {
			bare.Content = append(bare.Content, printable(e))
		}
		return bare
	}
	return printableScalar(n)
}

func printableScalar(n *yaml.Node) *yaml.Node {
	v, _ := acctValue(n)
	switch v := v.(type) {
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v, Style: styleOf(v)}
	case []byte:
		bare := *n
		bare.Anchor, bare.Value = "", strings.Join(strings.Fields(n.Value), "")
		return &bare
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: canonical(v)}
}

// styleOf returns how text has to be written so that YAML 1.1 and 1.2 both take it for text. Where syntax alone asks
// for quotes, the YAML package sets them.
func styleOf(text string) yaml.Style {
	if strings.Contains(text, "\n") {
		if looksTheSameAsBlock(text) {
			return yaml.LiteralStyle
		}
		return yaml.DoubleQuotedStyle
	}
	plain := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if isPlainText(text) && plain.ShortTag() == "!!str" && text != "=" && text != "<<" {
		return 0
	}
	return yaml.DoubleQuotedStyle
}

// looksTheSameAsBlock reports whether text of several lines can stand in a literal block, as a PEM key can.
func looksTheSameAsBlock(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line != strings.TrimSpace(line) {
			return false
		}
	}
	for _, r := range text {
		if r != '\n' && (r < ' ' || r > '~') {
			return false
		}
	}
	return true
}
