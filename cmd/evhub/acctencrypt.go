package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/acct"
)

// encryptFlags are the flags of evhub acct encrypt.
type encryptFlags struct {
	path, output string
	force        bool
	key          keyFlags
}

func newAcctEncrypt(o *options) *cobra.Command {
	var f encryptFlags
	cmd := &cobra.Command{
		Use:   "encrypt FILE",
		Short: "Encrypt an acct file, as acct does",
		Long: `Encrypt a plaintext acct file. Without a key (in $ACCT_KEY, or the file that --acct-key-file names) one is made, and
that alone is printed on standard output: without it nobody can read the file again.

The file holds what acct would have put there: the YAML as data. Comments are lost, references such as {env: NAME} stay.
Jinja is not rendered, of which a warning says where it stands. FILE itself stays as it is, in clear.`,
		Example: `  evhub acct encrypt acct.yaml > acct.key
  evhub acct encrypt acct.yaml --acct-key-file acct.key --output-file /etc/evhub/acct.fernet --force`,
		Args: wantArgs(1, 1, "one plaintext acct file"),
		RunE: func(_ *cobra.Command, args []string) error {
			f.path = args[0]
			return runAcctEncrypt(o, &f)
		},
	}
	f.key.add(cmd)
	addPluginFlag(cmd, &f.key.plugin, acct.Fernet, "")
	cmd.Flags().StringVar(&f.output, "output-file", "", "where to write (default: FILE with the crypto plugin's name behind it)")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace a file that is there already")
	_ = cmd.MarkFlagFilename("output-file") // fails only for a flag that does not exist
	return cmd
}

func runAcctEncrypt(o *options, f *encryptFlags) error {
	file, err := loadPlaintext(f.path)
	if err != nil {
		return usageError(err)
	}
	key, made, err := f.key.keyOrNew(o)
	if err != nil {
		return usageError(err)
	}
	sealed, warnings, err := file.Encrypt(f.key.plugin, key)
	if err != nil {
		return usageError(err)
	}
	o.warn(append(file.Warnings, warnings...))
	output, err := f.target()
	if err != nil {
		return usageError(err)
	}
	r, err := prepareReplacement(output, sealed)
	if err != nil {
		return err
	}
	defer r.discard()
	// The key comes first: a file whose key was never seen is lost.
	if !made {
		key = ""
	}
	if err := printKey(o, key, output); err != nil {
		return fmt.Errorf("the key cannot be printed, so nothing is written: %w", err)
	}
	return r.commit()
}

// loadPlaintext reads an acct file as plaintext, whatever the environment says.
func loadPlaintext(path string) (*acct.File, error) {
	f, err := acct.Load(path, acct.Options{Getenv: func(name string) string {
		if name == "ACCT_KEY" {
			return ""
		}
		return os.Getenv(name)
	}})
	if errors.Is(err, acct.ErrEncrypted) {
		return nil, fmt.Errorf("%s: is encrypted already; \"evhub acct edit\" changes it", path)
	}
	return f, err
}

// keyOrNew returns the key that is given, or makes one.
func (k *keyFlags) keyOrNew(o *options) (key acct.Key, made bool, err error) {
	o.warn(k.warnings())
	key, warnings, err := k.options().ReadKey()
	if err != nil || key != "" {
		o.warn(warnings)
		return key, false, err
	}
	key, err = acct.NewKey(k.plugin)
	return key, true, err
}

// target returns where to write. What is there already is replaced only if that is asked for: by --force, or by naming
// FILE itself.
func (f *encryptFlags) target() (string, error) {
	output := f.output
	if output == "" {
		output = f.path + "." + f.key.plugin
	}
	info, err := os.Stat(output)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return output, nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: is no regular file; give another --output-file", output)
	case !f.force && !f.isSource(info):
		return "", fmt.Errorf("%s: is there already; give --force to replace it, or another --output-file", output)
	}
	return filepath.EvalSymlinks(output)
}

func (f *encryptFlags) isSource(output fs.FileInfo) bool {
	source, err := os.Stat(f.path)
	return err == nil && os.SameFile(source, output)
}
