package main

import (
	"fmt"
	"strings"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers"
)

const generated = "<!-- Generated from the code by `make docs`; edit the `doc` tags there. -->\n\n"

func indexPage(ps []providers.Provider) string {
	var b strings.Builder
	b.WriteString("# Providers\n\n" + generated +
		"Each provider is a top-level key of the acct file. Every entry also takes the keys of [delivery](delivery.md).\n\n")
	b.WriteString("| key | aliases | what it is |\n|---|---|---|\n")
	for _, p := range ps {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", p.Name, p.Name, strings.Join(p.Aliases, ", "), cell(p.Doc))
	}
	return b.String()
}

func providerPage(p providers.Provider) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s%s\n\n", p.Name, generated, p.Doc)
	if len(p.Aliases) > 0 {
		fmt.Fprintf(&b, "Also written: `%s`.\n\n", strings.Join(p.Aliases, "`, `"))
	}
	b.WriteString("## Keys of an entry\n\n")
	b.WriteString(keyTable(p.Default()))
	b.WriteString("\nEvery entry also takes `name`, `format`, `source`, `filter` and `delivery`: see [delivery](delivery.md).\n")
	return b.String()
}

func deliveryPage(o evbus.Options) string {
	return "# Keys of every entry\n\n" + generated +
		"Whatever the provider, an entry of the acct file takes these keys beside the provider's own.\n\n" + keyTable(o, evbus.Wishes{})
}

func keyTable(configs ...any) string {
	var b strings.Builder
	b.WriteString("| key | type | default | meaning |\n|---|---|---|---|\n")
	for _, config := range configs {
		for _, k := range keysOf(config) {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.path, k.kind, k.fallback, cell(k.doc))
		}
	}
	return b.String()
}

// cell makes text fit into a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", "\\|")
}
