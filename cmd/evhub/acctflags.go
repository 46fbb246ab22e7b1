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

// addAcctFlag adds -f, whose default is $ACCT_FILE, and the flags of the key.
func addAcctFlag(cmd *cobra.Command, file *acctFlags) {
	cmd.Flags().StringVarP(&file.path, "acct-file", "f", "", "acct file (default $ACCT_FILE); encrypted, if a key is given")
	_ = cmd.MarkFlagFilename("acct-file") // fails only for a flag that does not exist
	file.key.add(cmd)
}

// loadAcct reads an acct file; its errors are the user's to mend.
func loadAcct(file acctFlags) (*acct.File, error) {
	f, err := file.load()
	return f, usageError(err)
}

// loadPlan reads an acct file and checks it as a whole.
func loadPlan(o *options, file acctFlags) (*hub.Plan, error) {
	f, err := loadAcct(file)
	if err != nil {
		return nil, err
	}
	plan, err := hub.NewPlan(f, o.hubOptions()...)
	return plan, usageError(err)
}

// load reads the acct file and its key, as they are now.
func (a acctFlags) load() (*acct.File, error) {
	f, err := acct.Load(a.path, a.key.options())
	if err != nil {
		return nil, err
	}
	f.Warnings = append(f.Warnings, a.key.warnings()...)
	return f, nil
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

// warnings are about a key on the command line.
func (k *keyFlags) warnings() []acct.Warning {
	if k.key == "" {
		return nil
	}
	return []acct.Warning{{File: "--acct-key", Text: "everybody on this machine can see the command line, and with it this key; use ACCT_KEY or --acct-key-file"}}
}
