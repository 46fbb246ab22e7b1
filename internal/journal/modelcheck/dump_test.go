package modelcheck

import "fmt"

// dump says what is in the log's files, for the report of a failure.
func (w *world) dump() {
	if w.quiet {
		return
	}
	infos, err := w.fs.List("log")
	if err != nil {
		return
	}
	for _, info := range infos {
		f := readLogFile(w.fs, "log/"+info.Name)
		text := fmt.Sprintf("  %s: %d bytes, first %d:", f.name, len(f.content), f.header.First)
		if n := len(f.frames); n > 14 {
			text += " ..."
			f.frames = f.frames[n-12:]
		}
		for _, g := range f.frames {
			text += fmt.Sprintf(" %d/%d/%x@%d", g.kind, g.seq, g.flags, g.from)
		}
		if w.dumped[f.name] != text {
			w.log("%s", text)
		}
		w.dumped[f.name] = text
	}
}
