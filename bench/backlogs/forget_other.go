//go:build !linux

package backlogs

import "errors"

func forget(string) error { return errors.ErrUnsupported }
