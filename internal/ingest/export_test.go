package ingest

// SetList replaces how t reads a directory.
func (t *Tail) SetList(list func(dir string) ([]string, error)) { t.list = list }
