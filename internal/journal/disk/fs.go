// Package disk is the part of a file system that a journal needs, small enough to be replaced by one that crashes,
// fills up or lies.
package disk

import "io"

// FS is one directory of a file system. Names are relative to it, with slashes. All methods are safe for concurrent
// use. Errors wrap those of package syscall and io/fs, so that errors.Is finds fs.ErrNotExist, syscall.ENOSPC and the
// like.
type FS interface {
	// Create makes a new file with mode 0600, open for reading and writing. It fails with fs.ErrExist if there is
	// one of that name. The name is only durable after SyncDir.
	Create(name string) (File, error)
	// Open opens a file that exists for reading and writing.
	Open(name string) (File, error)
	// OpenRead opens a file that exists for reading only.
	OpenRead(name string) (File, error)
	// Rename gives a file another name, in place of a file that may have it. It is durable after SyncDir of both
	// directories.
	Rename(from, to string) error
	// Remove takes a file's name away. Who has it open can go on reading it.
	Remove(name string) error
	// MkdirAll makes a directory, and those above it, with mode 0700; it is nil if it is there already.
	MkdirAll(name string) error
	// List returns the names in a directory, sorted; "." is the FS itself.
	List(dir string) ([]Info, error)
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
	// Lock takes the exclusive lock of the file name, which it creates if need be, and writes the process id into
	// it. It does not wait: a lock that another one holds is a *LockedError. The lock ends with Close, or with the
	// process.
	Lock(name string) (io.Closer, error)
	// Free returns how many bytes the file system could still take.
	Free() (int64, error)
}

// File is an open file. ReadAt may be called at any time, the others by one goroutine at a time.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Truncate sets the size.
	Truncate(size int64) error
	// Preallocate makes sure that n bytes from offset on can be written without running out of space, and makes
	// the file at least that large. The bytes that were not written read as zeros.
	Preallocate(offset, n int64) error
	// Sync makes the content and the size durable. After an error nothing is known about what was written since
	// the last Sync, and a further Sync says nothing either.
	Sync() error
	// Size returns the size in bytes.
	Size() (int64, error)
}

// Info is one name in a directory.
type Info struct {
	Name string
	Dir  bool
	Size int64
}
