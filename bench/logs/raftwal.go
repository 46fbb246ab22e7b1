package logs

import (
	"github.com/hashicorp/raft"
	raftwal "github.com/hashicorp/raft-wal"
)

// raftLog is the log store of a Raft node, the nearest relative of the journal.
type raftLog struct {
	wal   *raftwal.WAL
	logs  []*raft.Log
	index uint64
}

// RaftWAL is github.com/hashicorp/raft-wal. What Close leaves open of it ends with the process.
func RaftWAL(dir string, _ int) (Store, error) {
	w, err := raftwal.Open(dir)
	if err != nil {
		return nil, err
	}
	return &raftLog{wal: w}, nil
}

func (r *raftLog) append(bodies [][]byte) error {
	for len(r.logs) < len(bodies) {
		r.logs = append(r.logs, &raft.Log{Type: raft.LogCommand})
	}
	for i, b := range bodies {
		r.index++
		r.logs[i].Index, r.logs[i].Data = r.index, b
	}
	return r.wal.StoreLogs(r.logs[:len(bodies)])
}

func (r *raftLog) count() (int, error) {
	n, err := r.wal.LastIndex()
	return int(n), err
}

func (r *raftLog) close() error { return r.wal.Close() }
