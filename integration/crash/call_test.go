//go:build linux && amd64

package crash

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// onFiles take a file in the first argument, onNames a directory and a name; both by number.
var (
	onFiles = map[uint64]string{
		syscall.SYS_WRITE: "write", syscall.SYS_PWRITE64: "pwrite64", syscall.SYS_WRITEV: "writev", syscall.SYS_PWRITEV: "pwritev",
		syscall.SYS_FSYNC: "fsync", syscall.SYS_FDATASYNC: "fdatasync", syscall.SYS_SYNC_FILE_RANGE: "sync_file_range",
		syscall.SYS_FTRUNCATE: "ftruncate", syscall.SYS_FALLOCATE: "fallocate",
	}
	onNames = map[uint64]string{
		syscall.SYS_OPENAT: "openat", syscall.SYS_RENAMEAT: "renameat", renameat2: "renameat2",
		syscall.SYS_UNLINKAT: "unlinkat", syscall.SYS_MKDIRAT: "mkdirat",
	}
)

const renameat2 = 316

// decode says what a thread is about to call, nil if it is nothing of these.
func decode(pid int, regs *syscall.PtraceRegs) *call {
	if name, ok := onFiles[regs.Orig_rax]; ok {
		path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, regs.Rdi)) // "" is under no folder
		return &call{name: name, path: path, fd: int(regs.Rdi), length: regs.Rdx}
	}
	name, ok := onNames[regs.Orig_rax]
	if !ok {
		return nil
	}
	path := textAt(pid, regs.Rsi)
	if !filepath.IsAbs(path) {
		dir := fmt.Sprintf("/proc/%d/cwd", pid)
		if fd := int32(regs.Rdi); fd >= 0 {
			dir = fmt.Sprintf("/proc/%d/fd/%d", pid, fd)
		}
		dir, _ = os.Readlink(dir) // likewise
		path = filepath.Join(dir, path)
	}
	return &call{name: name, path: path, fd: -1}
}

// textAt reads a C string from the memory of a process.
func textAt(pid int, address uint64) string {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return ""
	}
	defer memory.Close()
	text := make([]byte, 512)
	n, _ := memory.ReadAt(text, int64(address)) // less is there at the end of the memory
	text, _, _ = bytes.Cut(text[:n], []byte{0})
	return string(text)
}
