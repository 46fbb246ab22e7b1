package main

import "slices"

// mutants are the faults.
func mutants() []mutant {
	return slices.Concat(appending(), drafts(), spares(), cursors(), compacting(), recovering(), reading(), deadLetters())
}

func appending() []mutant {
	return []mutant{
		{
			"a new segment's name is not fsynced", "roll.go",
			"		err = j.fs.SyncDir(logDir)\n", "		err = nil\n",
		},
		{
			"records are acknowledged without an fsync", "append.go",
			"	if err := j.writer.Sync(); err != nil {", "	if err := j.writer.Flush(); err != nil {",
		},
		{
			"a segment is used again after an error", "roll.go",
			"	_ = j.writer.File().Truncate(j.active.end)\n	_ = j.writer.Close()\n	j.mu.Lock()\n	defer j.mu.Unlock()\n	j.active.tail = true\n	j.writer, j.active = nil, nil\n",
			"",
		},
		{
			"the name of an unlinked segment is used again", "roll.go",
			"attempt = max(attempt, n+1)", "attempt = 0 * n",
		},
		{
			"every frame says that it begins a group", "segment/frame.go",
			"		flags = 0\n", "",
		},
		{
			"every batch says that it begins a group", "append.go",
			"		flags = 0\n", "",
		},
		{
			"totals begin anew in each segment", "state.go",
			"			number: d.number, name: d.name, active: d.active, accepted: d.accepted, newest: d.newest,\n			done: cursor(d.number),",
			"			number: d.number, name: d.name, active: d.active, newest: d.newest,\n			done: cursor(d.number),",
		},
		{
			"a new number is not fsynced", "assign.go",
			"		if err = j.writer.Sync(); err != nil {", "		if err = j.writer.Flush(); err != nil {",
		},
		{
			"no limit to what the log takes", "append.go",
			"	if used+size > j.o.MaxBytes {", "	if false && used+size > j.o.MaxBytes {",
		},
	}
}

func drafts() []mutant {
	return []mutant{
		{
			"a draft is written wherever its file ends by now", "draft.go",
			" || d.at != w.Size() ||", " ||",
		},
		{
			"a draft is written to another segment", "draft.go",
			" || d.seed != w.Seed() {", " {",
		},
		{
			"a draft is written with other numbers", "draft.go",
			" || b.next != b.last()+1 {", " {",
		},
		{
			"a draft is written with what was taken back", "draft.go",
			"		if group[i] != b || ", "		if i < 0 || ",
		},
		{
			"a draft is written with what is no longer in it", "draft.go",
			" || !b.isAt(d.buf[at:]) ||", " ||",
		},
		{
			"what a draft has more is written, too", "draft.go",
			"	return at == int64(d.used)\n", "	return true\n",
		},
		{
			"a draft that is used again has the batches of before", "draft.go",
			"in: d.in[:0]}", "in: d.in}",
		},
		{
			"a draft that is used again is as large as before", "draft.go",
			"	*d = Draft{buf: d.buf, in: d.in[:0]}\n", "	*d = Draft{buf: d.buf, in: d.in[:0], bytes: d.bytes}\n",
		},
		{
			"a draft is not used again", "draft.go",
			"	j.drafts.pool.Put(d)\n", "",
		},
		{
			"a draft does not say that it begins a group", "batch.go",
			"		flags = segment.First\n", "		flags = 0\n",
		},
		{
			"what is behind a draft says that it begins a group", "append.go",
			"		flags, group = 0, group[len(d.in):]\n", "		group = group[len(d.in):]\n",
		},
		{
			"what is behind a draft is forgotten", "append.go",
			"		flags, group = 0, group[len(d.in):]\n", "		flags, group = 0, nil\n",
		},
		{
			"the first block of a draft loses what is there already", "segment/writer.go",
			"	copy(blocks, w.buf)\n", "",
		},
		{
			"the last block of a draft is forgotten", "segment/writer.go",
			"	w.buf = append(w.buf[:0], b[full:]...)\n", "	w.buf = w.buf[:len(b[full:])]\n",
		},
		{
			"behind a draft comes what was in its memory before", "segment/writer.go",
			"	clear(b[n:end])\n", "",
		},
		{
			"a draft is written to a file that has failed", "segment/writer.go",
			"	if w.err != nil {\n		return\n	}\n	copy(", "	copy(",
		},
	}
}

func spares() []mutant {
	return []mutant{
		{
			"a file is written over before its old name is gone for good", "spare.go",
			"	if j.fs.SyncDir(logDir) != nil {", "	if false {",
		},
		{
			"a file that is being read is written over", "spare.go",
			" || s.inUse() {", " {",
		},
		{
			"what is left of an older segment counts as bad", "logsegment.go",
			".Reused(s.reused && !s.sealed)", "",
		},
		{
			"a file that is written over gets its name at once", "roll.go",
			"	if w, spare = j.reuse(*h); w != nil {", "	if w, spare = j.reuse(*h); w != nil {\n\t\t_ = j.fs.Rename(logPath(spare), logPath(name))\n\t\t_ = j.fs.SyncDir(logDir)\n\t\tspare = name",
		},
	}
}

func cursors() []mutant {
	return []mutant{
		{
			"a cursor always goes into the same slot", "cursors.go",
			"			s.which = 1 - s.which\n", "",
		},
		{
			"the older one of two cursors counts", "cursorload.go",
			"s.generation > slot.generation", "s.generation < slot.generation",
		},
		{
			"a cursor is written with the next fsync only", "cursors.go",
			"	if ok && c.broken == nil {", "	if ok && c.broken != nil {",
		},
		{
			"saved cursors are not fsynced", "cursors.go",
			"		if c.broken = c.file.Sync(); c.broken == nil {", "		if c.broken = nil; c.broken == nil {",
		},
		{
			"the file of cursors is believed after a failed fsync", "cursors.go",
			"	broken = c.broken\n	return broken, c.replace()", "	broken, c.broken = c.broken, nil\n	c.settle()\n	return broken, nil",
		},
		{
			"a file is renamed before it is fsynced", "identity.go",
			"		err = f.Sync()\n", "		err = nil\n",
		},
		{
			"cursors of the process before are not made durable", "cursorload.go",
			"	full := c.replace()\n", "	full := error(ErrFull)\n",
		},
		{
			"cursors go back", "cursors.go",
			"	if s == nil || to.Seq <= s.done.Seq {", "	if s == nil {",
		},
	}
}

func compacting() []mutant {
	return []mutant{
		{
			"segments are unlinked before the cursor is fsynced", "unlink.go",
			"j.cursors.durable(d.number).Seq", "j.cursors.get(d.number).Seq",
		},
		{
			"what says that a failed group does not count is unlinked before the group", "unlink.go",
			"|| tailed ||", "|| tailed && false ||",
		},
		{
			"a failed group of the process before is forgotten", "survey.go",
			"	f.tail = !f.sealed\n", "",
		},
		{
			"records are dropped before the cursor is fsynced", "rewrite.go",
			"		r.done[row.number] = row.done.Seq\n", "		r.done[row.number] = j.cursors.get(row.number).Seq\n",
		},
		{
			"a segment is unlinked though its last record is needed", "journal.go",
			"	if s.empty() || s.last <= done {", "	if s.empty() || s.last <= done+1 {",
		},
		{
			"a rewritten segment is renamed before it is fsynced", "rewrite.go",
			"	if err := r.writer.Seal(r.new.last, nil); err != nil {",
			"	r.writer.Add(segment.End, 0, r.new.last, nil, nil)\n	if err := r.writer.Flush(); err != nil {",
		},
		{
			"merged segments are unlinked before the rename is durable", "rewrite.go",
			"	if err := j.fs.SyncDir(logDir); err != nil {\n		return err\n	}\n", "",
		},
		{
			"compaction drops the last record", "rewrite.go",
			"		if r.wants(f) {", "		if r.wants(f) && f.Seq != s.last {",
		},
		{
			"compaction asks the first destination of a record only", "rewrite.go",
			"			return true\n		}\n	}\n	return false", "			return true\n		}\n		break\n	}\n	return false",
		},
	}
}

func recovering() []mutant {
	return []mutant{
		{
			"a failed group counts in spite of the next segment", "restore.go",
			"			f.last = min(f.last, segments[i+1].first-1)\n", "			f.last = min(f.last, 1<<64-1)\n",
		},
		{
			"nobody misses the end of the log", "missing.go",
			"		j.state.gaps = append(j.state.gaps, j.ending)\n", "",
		},
		{
			"what is left of a torn group counts", "replayed.go",
			"	if r.safe != nil {", "	if r.safe != nil && false {",
		},
		{
			"what was found is not made durable", "restore.go",
			"			err = file.Sync()\n", "			err = nil\n",
		},
		{
			"names that were found are not made durable", "open.go",
			"errors.Join(j.fs.SyncDir(\".\"), j.fs.SyncDir(logDir))", "j.fs.SyncDir(\".\")",
		},
		{
			"names that were found are made durable after the old ones are removed", "open.go",
			"	if err := j.settleNames(); err != nil {\n		return err\n	}\n	if err := j.readLog(); err != nil {",
			"	if err := errors.Join(j.readLog(), j.settleNames()); err != nil {",
		},
		{
			"a rename that failed only by what it says is believed to have failed", "rewrite.go",
			" && !holds(j.fs, logPath(r.new.name), r.new.seed) {", " {",
		},
		{
			"bad bytes are not copied to quarantine", "journal.go",
			"		if !j.readOnly {\n			j.quarantine(s, r)\n		}\n", "",
		},
	}
}

func reading() []mutant {
	return []mutant{
		{
			"a damaged record is taken for good", "segment/scanner.go",
			"	if crc32.Checksum(payload, castagnoli) != h.crc {", "	if crc32.Checksum(payload, castagnoli) != h.crc && false {",
		},
		{
			"a damaged frame header is taken for good", "segment/frame.go",
			"	if !looksLikeFrame(b) || s.headerCRC(b) != binary.LittleEndian.Uint32(b[28:]) {", "	if !looksLikeFrame(b) {",
		},
		{
			"frames of other segments are taken for good", "segment/header.go",
			"	return Seed(crc32.Checksum(salt[:], castagnoli))", "	return Seed(crc32.Checksum(salt[:0], castagnoli))",
		},
		{
			"a record that is there twice is read twice", "reader.go",
			"		case f.Kind == segment.Event && f.Seq > r.seq:", "		case f.Kind == segment.Event:",
		},
		{
			"a group is read before it is durable", "view.go",
			"	return view{segment: s, end: s.end,", "	return view{segment: s, end: s.size,",
		},
		{
			"a loss is not told", "reader.go",
			"	q.lost = q.lost.Plus(missing)\n", "",
		},
	}
}

func deadLetters() []mutant {
	return []mutant{
		{
			"dead letters are acknowledged without an fsync", "deadletters_write.go",
			"	if err := w.Sync(); err != nil {", "	if err := w.Flush(); err != nil {",
		},
		{
			"the name of a file of dead letters is not fsynced", "deadletters_write.go",
			"		err = d.env.fs.SyncDir(d.dir)\n", "		err = nil\n",
		},
	}
}
