// Command providerdocs writes the pages of docs/providers from the providers' own configuration types.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers/all"
	"github.com/evhub/evhub/providers/exec"
)

//go:generate go run . ../../docs/providers

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: providerdocs DIRECTORY")
		os.Exit(2)
	}
	for name, text := range pages() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil { //nolint:gosec // a document
			fmt.Fprintln(os.Stderr, "providerdocs:", err)
			os.Exit(1)
		}
	}
}

// pages returns the text of each page by its file name.
func pages() map[string]string {
	ps := append(all.Providers(), exec.Provider())
	texts := map[string]string{
		"README.md":   indexPage(ps),
		"delivery.md": deliveryPage(evbus.DefaultOptions()),
	}
	for _, p := range ps {
		texts[p.Name+".md"] = providerPage(p)
	}
	return texts
}
