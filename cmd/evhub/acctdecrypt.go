package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newAcctDecrypt(o *options) *cobra.Command {
	var f acctFlags
	cmd := &cobra.Command{
		Use:   "decrypt [FILE]",
		Short: "Print an encrypted acct file in clear",
		Long: `Print what is in an encrypted acct file (default $ACCT_FILE): as YAML, or with --output json as one JSON object. The
key is in $ACCT_KEY or the file that --acct-key-file names. References such as {env: NAME} are printed as they are.`,
		Example: `  evhub acct decrypt acct.yaml.fernet --acct-key-file acct.key`,
		Args:    wantArgs(0, 1, "one encrypted acct file, or none for $ACCT_FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			f.path = firstOr(args, "")
			return runAcctDecrypt(o, &f)
		},
	}
	f.key.add(cmd)
	addPluginFlag(cmd, &f.key.plugin, "", " (default: as it looks)")
	cmd.Flags().VarP(decrypted{o}, "output", "o", "how to print the file: yaml or json")
	completeWith(cmd, "output", "yaml", "json")
	return cmd
}

// decrypted is --output as acct has it, where the text is YAML.
type decrypted struct{ o *options }

func (d decrypted) String() string {
	if d.o == nil || !d.o.json() {
		return "yaml"
	}
	return d.o.output
}

func (d decrypted) Type() string { return "string" }

func (d decrypted) Set(output string) error {
	switch output {
	case "yaml", "text":
		d.o.output = "text"
	case "json":
		d.o.output = output
	default:
		return errors.New("want yaml or json")
	}
	return nil
}

func firstOr(args []string, otherwise string) string {
	if len(args) > 0 {
		return args[0]
	}
	return otherwise
}

func runAcctDecrypt(o *options, flags *acctFlags) error {
	f, err := loadAcct(*flags)
	if err != nil {
		return err
	}
	if f.CryptoPlugin == "" {
		return usageError(fmt.Errorf("%s: is not encrypted", f.Name))
	}
	o.warn(f.Warnings)
	if o.json() {
		text, err := f.JSON()
		if err != nil {
			return err
		}
		return o.console.printJSON(text)
	}
	text, err := f.YAML()
	if err != nil {
		return err
	}
	_, err = o.console.out.Write(text)
	return err
}
