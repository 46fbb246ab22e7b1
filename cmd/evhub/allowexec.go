package main

import (
	"github.com/spf13/cobra"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/all"
	"github.com/evhub/evhub/providers/exec"
)

// addAllowExec adds --allow-exec to every command.
func addAllowExec(root *cobra.Command, o *options) {
	root.PersistentFlags().BoolVar(&o.allowExec, "allow-exec", false, "let the acct file run programs (provider exec)")
}

// providers are those that the command's hubs know. Without --allow-exec an entry that runs a program is a mistake of the
// file: whoever may write it is not to run programs by that alone.
func (o *options) providers() []providers.Provider {
	if o.allowExec {
		return append(all.Providers(), exec.Provider())
	}
	return append(all.Providers(), exec.Forbidden("if this one may, give --allow-exec"))
}
