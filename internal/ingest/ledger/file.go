package ledger

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

const (
	family  = "evhub runner ledger "
	magic   = family + "1 "
	doneTag = ".\n"
	// idSize is the length of a line of a group: a letter, a UUID, the end.
	idSize = 1 + 36 + 1
)

// header is the first line of the file of a run.
func header(ident string) []byte { return fmt.Appendf(nil, "%s%q\n", magic, ident) }

// group encodes what is about to be put.
func group(entries []entry) []byte {
	text := fmt.Appendf(nil, "+%d\n", len(entries))
	for _, e := range entries {
		kind := byte('e')
		if e.status {
			kind = 's'
		}
		text = append(append(append(text, kind), e.id.String()...), '\n')
	}
	return text
}

type entry struct {
	id     uuid.UUID
	status bool
}

// content is what is in the file of a run.
type content struct {
	ident string
	// settled are the entries of the groups that were put, doubtful those of the last group if that is not sure.
	settled, doubtful []entry
	// end is where the next group goes: behind the last one that is whole, and behind the mark that it was put.
	end int64
}

// parse reads the file of a run. It is false if that has no header: then it holds nothing. An error is for a file of a
// version to come.
func parse(text []byte) (c content, ok bool, err error) {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	if version, ours := bytes.CutPrefix(line, []byte(family)); ours && !bytes.HasPrefix(line, []byte(magic)) {
		return c, false, fmt.Errorf("it is of version %.5q, which only a newer evhub can read", version)
	}
	quoted, ours := bytes.CutPrefix(line, []byte(magic))
	ident, err := strconv.Unquote(string(quoted))
	if !ours || err != nil {
		return c, false, nil
	}
	c.ident = ident
	for {
		c.end = int64(len(text) - len(rest))
		if after, done := bytes.CutPrefix(rest, []byte(doneTag)); done {
			c.settled, c.doubtful = append(c.settled, c.doubtful...), nil
			rest = after
			continue
		}
		entries, after, whole := parseGroup(rest)
		if !whole || c.doubtful != nil { // a group is only begun when the one before is marked
			return c, true, nil
		}
		c.doubtful, rest = entries, after
	}
}

func parseGroup(text []byte) (entries []entry, rest []byte, whole bool) {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	number, ours := bytes.CutPrefix(line, []byte("+"))
	n, err := strconv.Atoi(string(number))
	if !ours || err != nil || n < 1 || n > len(rest)/idSize {
		return nil, nil, false
	}
	ids, rest := rest[:n*idSize], rest[n*idSize:]
	for ; len(ids) > 0; ids = ids[idSize:] {
		id, err := uuid.ParseBytes(ids[1 : idSize-1])
		if err != nil {
			return nil, nil, false
		}
		entries = append(entries, entry{id, ids[0] == 's'})
	}
	return entries, rest, true
}
