package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/acct"
)

func newAcct(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "acct",
		Short: "Encrypt acct files, and work on encrypted ones",
		Long: `Encrypt acct files, and work on encrypted ones. Files and keys are those of Idem's acct: what one encrypts the
other decrypts.`,
	}
	asGroup(cmd)
	cmd.AddCommand(newAcctEncrypt(o), newAcctDecrypt(o), newAcctEdit(o), newAcctKeygen(o))
	return cmd
}

// addPluginFlag adds --crypto-plugin; without says what is taken if it is not given.
func addPluginFlag(cmd *cobra.Command, plugin *string, preset, without string) {
	cmd.Flags().StringVar(plugin, "crypto-plugin", preset, "how the file is encrypted: "+strings.Join(acct.CryptoPlugins(), " or ")+without)
	completeWith(cmd, "crypto-plugin", acct.CryptoPlugins()...)
}

func newAcctKeygen(o *options) *cobra.Command {
	var plugin string
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Print a new key",
		Example: `  (umask 077; evhub acct keygen > acct.key)
  evhub acct encrypt acct.yaml --acct-key-file acct.key`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			key, err := acct.NewKey(plugin)
			if err != nil {
				return usageError(err)
			}
			return printKey(o, key, "")
		},
	}
	addPluginFlag(cmd, &plugin, acct.Fernet, "")
	return cmd
}

// keyLine is the JSON form of what was made; its keys are stable.
type keyLine struct {
	File string `json:"file,omitempty"`
	Key  string `json:"key,omitempty"`
}

// printKey prints a new key in clear, if there is one, and with --output json also the file that it is for.
func printKey(o *options, key acct.Key, file string) error {
	if o.json() {
		return o.console.printJSON(keyLine{File: file, Key: string(key)})
	}
	if key == "" {
		return nil
	}
	_, err := o.console.out.Write([]byte(string(key) + "\n"))
	return err
}
