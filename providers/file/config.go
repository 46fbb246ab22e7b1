package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	Path    string         `yaml:"path" doc:"The file to append to. Its directory must exist."`
	MaxSize providers.Size `yaml:"max_size" doc:"Rotate before the file grows over this size: it is renamed to path.1, the next one to path.2 and so on. 0: never."`
	Keep    int            `yaml:"keep" doc:"How many rotated files to keep; older ones are deleted, with the events in them. 0: all."`
	Fsync   Fsync          `yaml:"fsync" doc:"always: each batch is synced to the disk before it counts as delivered. A duration such as 1s (or interval, which means 1s): synced that often. never: the operating system decides. All but always can lose delivered events when the power fails."`
	Mode    Mode           `yaml:"mode" doc:"Permissions of a file that is created, in octal, less the umask."`
}

// Fsync says when what was written is synced to the disk: at each batch (0, the default), never (negative), or
// periodically. In a file it is always, never, interval or a duration.
type Fsync time.Duration

// The values of Fsync that are not a duration of the user's own.
const (
	Always   Fsync = 0
	Never    Fsync = -1
	Interval       = Fsync(time.Second)
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Fsync) UnmarshalText(text []byte) error {
	switch string(text) {
	case "always":
		*f = Always
	case "never":
		*f = Never
	case "interval":
		*f = Interval
	default:
		d, err := time.ParseDuration(string(text))
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is neither always, never, interval nor a duration such as 1s", text)
		}
		*f = Fsync(d)
	}
	return nil
}

// String returns the value as it stands in a file.
func (f Fsync) String() string {
	switch f {
	case Always:
		return "always"
	case Never:
		return "never"
	}
	return time.Duration(f).String()
}

// MarshalText implements encoding.TextMarshaler.
func (f Fsync) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Mode is the permissions of a file, written in octal: 0600 or 0o600.
type Mode fs.FileMode

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Mode) UnmarshalText(text []byte) error {
	bits, err := strconv.ParseUint(strings.TrimPrefix(string(text), "0o"), 8, 32)
	if err != nil || bits > 0o777 {
		return fmt.Errorf("%q are no permissions; write them in octal like 0600", text)
	}
	*m = Mode(bits)
	return nil
}

// String returns the permissions in octal.
func (m Mode) String() string { return fmt.Sprintf("%04o", uint32(m)) }

// MarshalText implements encoding.TextMarshaler.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// ownerReadWrite is what appending needs: the last byte is read to see whether a line is torn.
const ownerReadWrite = 0o600

func (c Config) check() error {
	var errs []error
	if name := filepath.Base(c.Path); c.Path == "" || os.IsPathSeparator(c.Path[len(c.Path)-1]) || name == "." || name == ".." {
		errs = append(errs, providers.Invalid("path", "needs the name of a file, such as /var/log/events.jsonl"))
	}
	if strings.ContainsRune(c.Path, 0) {
		errs = append(errs, providers.Invalid("path", "has a NUL character in it"))
	}
	if c.MaxSize < 0 {
		errs = append(errs, providers.Invalid("max_size", "must not be negative"))
	}
	if c.Keep < 0 {
		errs = append(errs, providers.Invalid("keep", "must not be negative; 0 keeps all"))
	}
	if c.Keep > 0 && c.MaxSize == 0 {
		errs = append(errs, providers.Invalid("keep", "means nothing without max_size; give both or none"))
	}
	if c.Mode&ownerReadWrite != ownerReadWrite {
		errs = append(errs, providers.Invalid("mode", "%v leaves the owner unable to read and write; 0600 is the least", c.Mode))
	}
	return errors.Join(errs...)
}
