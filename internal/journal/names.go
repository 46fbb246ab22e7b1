package journal

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// The names in a journal's directory.
const (
	lockFile       = "LOCK"
	identityFile   = "JOURNAL"
	cursorFileName = "cursors"
	ballastFile    = "ballast"
	logDir         = "log"
	deadDir        = "dead"

	segmentSuffix   = ".seg"
	temporarySuffix = ".tmp"
)

// segmentName is the name of a segment that begins with seq. Attempt is above 0 if a segment that holds nothing has the
// name already.
func segmentName(seq uint64, attempt int) string {
	if attempt == 0 {
		return fmt.Sprintf("%020d%s", seq, segmentSuffix)
	}
	return fmt.Sprintf("%020d.%d%s", seq, attempt, segmentSuffix)
}

// parseSegmentName takes the name of a segment apart.
func parseSegmentName(name string) (seq uint64, attempt int, ok bool) {
	stem, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok {
		return 0, 0, false
	}
	number, rest, again := strings.Cut(stem, ".")
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if again {
		if attempt, err = strconv.Atoi(rest); err != nil {
			return 0, 0, false
		}
	}
	return seq, attempt, segmentName(seq, attempt) == name
}

func logPath(name string) string { return path.Join(logDir, name) }
