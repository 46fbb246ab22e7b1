package acct

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Options say how Load finds and opens a file. The zero value uses the process's environment.
type Options struct {
	// Key decrypts the file. Empty: the content of KeyFile, else the value of $ACCT_KEY; if that is empty too, the
	// file is plaintext.
	Key Key `json:"-"`
	// KeyFile is the path of a file that holds the key, with space around it.
	KeyFile string `json:"-"`
	// CryptoPlugin is how the file is encrypted. Empty: as it looks.
	CryptoPlugin string `json:"-"`
	// Getenv looks up ACCT_FILE, ACCT_KEY and the variables of {env: NAME}. Nil: os.Getenv.
	Getenv func(string) string `json:"-"`
}

// Format implements fmt.Formatter for all verbs, so that the key is never printed.
func (o Options) Format(s fmt.State, _ rune) { fmt.Fprint(s, "acct.Options{...}") }

func (o Options) getenv() func(string) string {
	if o.Getenv == nil {
		return os.Getenv
	}
	return o.Getenv
}

// Load reads the acct file at path; an empty path means $ACCT_FILE. With a key the file must be msgpack in a Fernet token
// or in AES-GCM, as `acct encrypt` writes it; its age does not matter. Errors of the file are *Errors, all of them joined.
func Load(path string, opts Options) (*File, error) {
	getenv := opts.getenv()
	if path == "" {
		path = getenv("ACCT_FILE")
	}
	if path == "" {
		return nil, errors.New("no acct file: name one, or set ACCT_FILE")
	}
	key, warnings, err := opts.ReadKey()
	if err != nil {
		return nil, err
	}
	data, mode, err := readLimited(path)
	if err != nil {
		return nil, &Error{File: path, Err: err}
	}
	if key != "" {
		f, err := parseEncrypted(path, data, key, opts.CryptoPlugin, getenv)
		if err != nil {
			return nil, err
		}
		f.Warnings = append(f.Warnings, warnings...)
		return f, nil
	}
	f, err := parse(path, data, getenv)
	if err != nil {
		return nil, err
	}
	f.warnIfReadable(mode)
	return f, nil
}

// readLimited reads a file of at most maxBytes. Its errors do not name the file.
func readLimited(path string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, withCure(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, withCure(err)
	}
	if info.IsDir() {
		return nil, 0, errors.New("is a directory; name a file in it")
	}
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, 0, withCure(err)
	}
	if len(data) > maxBytes {
		return nil, 0, errTooLarge
	}
	return data, info.Mode(), nil
}

func withCure(err error) error {
	cause := err
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		cause = p.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no such file; check the path: %w", cause)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot be read; give this user access to it: %w", cause)
	}
	return fmt.Errorf("cannot be read: %w", cause)
}
