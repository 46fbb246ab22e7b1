package crashfs

// Kind is a kind of operation.
type Kind uint8

// The operations of disk.FS and disk.File, all but Close.
const (
	Create Kind = iota
	Open
	OpenRead
	Rename
	Remove
	MkdirAll
	List
	SyncDir
	Lock
	Free
	ReadAt
	WriteAt
	Truncate
	Preallocate
	Sync
	Size
	numKinds
)

var kindNames = [numKinds]string{
	"create", "open", "openread", "rename", "remove", "mkdir", "list", "syncdir", "lock", "free",
	"read", "write", "truncate", "preallocate", "sync", "size",
}

func (k Kind) String() string { return kindNames[k] }

// changes reports whether the operation changes anything: those are what DieAt counts.
func (k Kind) changes() bool {
	switch k {
	case Create, Rename, Remove, MkdirAll, SyncDir, Lock, WriteAt, Truncate, Preallocate, Sync:
		return true
	default:
		return false
	}
}

// Op is one operation, for a hook.
type Op struct {
	Kind Kind
	// Name is the file or directory as it was called when it was opened; of Rename, the old name.
	Name string
	// N counts the operations of this kind, from 1.
	N int
	// Len is how many bytes ReadAt and WriteAt were given.
	Len int
	// Direct: it is a WriteAt that was called as WriteDirect.
	Direct bool
}

// Fault is what happens to an operation instead of success. The zero Fault is success.
type Fault struct {
	// Err is returned. What was to be done is not done, but for Short and Done. A Sync with an error leaves the pages
	// clean and, each on its own, written or not.
	Err error
	// Short is how many bytes WriteAt writes in spite of Err.
	Short int
	// Done: all of it is done in spite of Err.
	Done bool
	// Lie: Sync and SyncDir return nil and make nothing durable.
	Lie bool
}

// SetHook has h asked before each operation; nil ends that. It is called under the lock of the FS, which it must not
// use, and does not outlive the process.
func (f *FS) SetHook(h func(Op) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = h
}

// DieAt ends the process at the n-th operation from now that changes anything. That one may be done, partly or not.
func (f *FS) DieAt(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fuse = n
}

// Dead reports whether the process is dead.
func (f *FS) Dead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// begin says what is to happen to an operation.
func (f *FS) begin(kind Kind, name string, length int) Fault {
	return f.beginOp(Op{Kind: kind, Name: name, Len: length})
}

// beginOp counts the operation, too.
func (f *FS) beginOp(op Op) Fault {
	if f.dead {
		return Fault{Err: ErrDead}
	}
	f.counts[op.Kind]++
	op.N = f.counts[op.Kind]
	if op.Kind.changes() && f.fuse > 0 {
		if f.fuse--; f.fuse == 0 {
			f.dead = true
			fault := Fault{Err: ErrDead, Done: f.rand.IntN(2) == 0}
			if op.Len > 0 && f.rand.IntN(2) == 0 {
				fault.Short = f.rand.IntN(op.Len + 1)
			}
			return fault
		}
	}
	if f.hook == nil {
		return Fault{}
	}
	return f.hook(op)
}
