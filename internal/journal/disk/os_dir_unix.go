//go:build unix

package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// accessWX asks access(2) for writing and entering.
const accessWX = 2 | 1

// checkAccess refuses a directory that somebody else could change, or that cannot be written.
func checkAccess(dir string, info fs.FileInfo, readOnly bool) error {
	me := os.Geteuid()
	owner := -1
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(st.Uid)
	}
	if owner != me && (!readOnly || me != 0) {
		return &DirError{
			Dir: dir, Reason: fmt.Sprintf("belongs to user %s, this is user %s", userName(owner), userName(me)),
			Cure: "run as its owner, or choose a directory of your own",
		}
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return &DirError{
			Dir: dir, Reason: fmt.Sprintf("can be written by others (mode %04o)", mode),
			Cure: fmt.Sprintf("see that nobody has changed it, then: chmod 700 %s", dir),
		}
	}
	if readOnly {
		return nil
	}
	if err := syscall.Access(dir, accessWX); err != nil {
		if errors.Is(err, syscall.EROFS) {
			return openFailed(dir, err)
		}
		return &DirError{Dir: dir, Reason: "cannot be written", Cure: fmt.Sprintf("chmod 700 %s", dir), Err: err}
	}
	return nil
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}
