package main

import (
	"github.com/spf13/cobra"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
)

// addAcctFlag adds -f, whose default is $ACCT_FILE.
func addAcctFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "acct-file", "f", "", "acct file (default $ACCT_FILE); encrypted with the key in $ACCT_KEY, if that is set")
	_ = cmd.MarkFlagFilename("acct-file") // fails only for a flag that does not exist
}

// loadAcct reads an acct file; its errors are the user's to mend.
func loadAcct(path string) (*acct.File, error) {
	f, err := acct.Load(path, acct.Options{})
	return f, usageError(err)
}

// hubOptions are those that every command's hub has.
func (o *options) hubOptions(more ...hub.Option) []hub.Option {
	return append([]hub.Option{hub.WithProviders(all.Providers()...), hub.WithLogger(o.logger())}, more...)
}
