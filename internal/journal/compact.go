package journal

// Compact makes room: it removes segments that nothing needs, and rewrites those that keep little.
func (j *Journal) Compact() error {
	if err := j.usable(); err != nil {
		return err
	}
	return j.compact(true)
}

func (j *Journal) compact(urgent bool) error {
	j.compacting.Lock()
	defer j.compacting.Unlock()
	return j.unlinkDone()
}
