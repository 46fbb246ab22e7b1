package logs

import (
	"encoding/binary"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// bolt is a B+ tree with the number of each record as its key; a group is a transaction.
type bolt struct {
	db  *bbolt.DB
	seq uint64
}

var bucket = []byte("log")

// Bbolt is go.etcd.io/bbolt.
func Bbolt(dir string, _ int) (Store, error) {
	db, err := bbolt.Open(filepath.Join(dir, "log.db"), 0o600, nil)
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucket)
		return err
	})
	return &bolt{db: db}, err
}

func (b *bolt) append(bodies [][]byte) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		records := tx.Bucket(bucket)
		records.FillPercent = 1 // keys rise
		for _, body := range bodies {
			b.seq++
			if err := records.Put(binary.BigEndian.AppendUint64(nil, b.seq), body); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bolt) count() (n int, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		last, _ := tx.Bucket(bucket).Cursor().Last()
		n = int(binary.BigEndian.Uint64(last))
		return nil
	})
	return n, err
}

func (b *bolt) close() error { return b.db.Close() }
