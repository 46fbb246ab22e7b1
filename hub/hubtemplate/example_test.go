package hubtemplate_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/hubtemplate"
	"github.com/evhub/evhub/providers/console"
)

func Example() {
	if err := renderSite(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"tags": {"type": "host"}, "message": {"host": "web1"}, "run_name": "cli"}
	// {"tags": {"type": "host"}, "message": {"host": "web2"}, "run_name": "cli"}
	// web1: {}
	// web2: {}
}

func renderSite(ctx context.Context) error {
	file, err := acct.Parse("acct.yaml", []byte(`console: {"inventory-*": {}}`))
	if err != nil {
		return err
	}
	h, err := hub.Open(ctx, file, hub.WithProviders(console.Provider()))
	if err != nil {
		return err
	}
	site, err := hubtemplate.New(ctx, h, "site.tmpl").Parse(`
{{- range .hosts -}}
{{- putNowait (dict "host" .) "inventory-host" (dict "type" "host") -}}
{{ . }}: {}
{{ end -}}
`)
	if err != nil {
		return err
	}
	var document strings.Builder
	if err := site.Execute(&document, map[string]any{"hosts": []string{"web1", "web2"}}); err != nil {
		return err
	}
	if err := h.Close(ctx); err != nil { // the events are delivered
		return err
	}
	fmt.Print(document.String())
	return nil
}
