package main

import (
	"github.com/spf13/cobra"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
)

// acctFlags say which acct file a command reads, and how it is decrypted.
type acctFlags struct {
	path string
	key  keyFlags
}

// add adds -f, whose default is $ACCT_FILE, and the flags of the key.
func (a *acctFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&a.path, "acct-file", "f", "", "acct file (default $ACCT_FILE); encrypted, if a key is given")
	_ = cmd.MarkFlagFilename("acct-file") // fails only for a flag that does not exist
	a.key.add(cmd)
}

// load reads the acct file; its errors are the user's to mend.
func (a *acctFlags) load(o *options) (*acct.File, error) {
	a.key.warn(o)
	f, err := acct.Load(a.path, a.key.options())
	return f, usageError(err)
}

// plan reads the acct file and checks it as a whole.
func (a *acctFlags) plan(o *options) (*hub.Plan, error) {
	f, err := a.load(o)
	if err != nil {
		return nil, err
	}
	plan, err := hub.NewPlan(f, o.hubOptions()...)
	return plan, usageError(err)
}

// keyFlags say where the key of an acct file is.
type keyFlags struct {
	key, file string
	// plugin is set by the commands that have --crypto-plugin.
	plugin string
}

func (k *keyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&k.file, "acct-key-file", "", "file that holds the key of an encrypted acct file (default: the key in $ACCT_KEY)")
	flags.StringVar(&k.key, "acct-key", "", "the key itself, which everybody on this machine can see then")
	_ = cmd.MarkFlagFilename("acct-key-file") // fails only for a flag that does not exist
}

// options are those that acct reads a file with.
func (k *keyFlags) options() acct.Options {
	return acct.Options{Key: acct.Key(k.key), KeyFile: k.file, CryptoPlugin: k.plugin}
}

// warn says what is wrong with a key on the command line.
func (k *keyFlags) warn(o *options) {
	if k.key != "" {
		o.warn([]acct.Warning{{File: "--acct-key", Text: "everybody on this machine can see the command line, and with it this key; use ACCT_KEY or --acct-key-file"}})
	}
}
