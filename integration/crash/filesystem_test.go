//go:build linux

package crash

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// filesystem is a small one of its own, mounted where only those see it who are let in.
type filesystem struct {
	t      *testing.T
	holder *exec.Cmd
	stdin  io.WriteCloser
	mount  string // the command that mounts it
	point  string // where it is mounted, inside
	seen   string // the same place, from outside
}

// newFilesystem mounts one with a command such as "mount -t tmpfs -o size=8m none POINT", or skips the test where it may not.
func newFilesystem(t *testing.T, mount string) *filesystem {
	t.Helper()
	for _, tool := range []string{"unshare", "nsenter", "mount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("a file system of its own needs %s", tool)
		}
	}
	fs := &filesystem{t: t, point: filepath.Join(t.TempDir(), "disk")}
	if err := os.Mkdir(fs.point, 0o700); err != nil {
		t.Fatal(err)
	}
	fs.mount = strings.ReplaceAll(mount, "POINT", fs.point)
	fs.holder = exec.Command("unshare", "--mount", "sh", "-c", fs.mount+" && echo mounted && exec cat") //nolint:gosec // the test's own command
	var said strings.Builder
	fs.holder.Stderr = &said
	out, err := fs.holder.StdoutPipe()
	if err == nil {
		fs.stdin, err = fs.holder.StdinPipe()
	}
	if err == nil {
		err = fs.holder.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = fs.stdin.Close()
		_ = fs.holder.Wait()
	})
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		_ = fs.stdin.Close()
		_ = fs.holder.Wait()
		t.Skipf("file systems cannot be mounted here: %s", strings.TrimSpace(said.String()))
	}
	fs.seen = fmt.Sprintf("/proc/%d/root%s", fs.holder.Process.Pid, fs.point)
	return fs
}

// tmpfs is one in memory with so many MiB, or so many KiB with a k behind the number.
func tmpfs(t *testing.T, size string) *filesystem {
	t.Helper()
	return newFilesystem(t, "mount -t tmpfs -o mode=0700,size="+size+" none POINT")
}

// ext4 is a real one of so many MiB, in a file.
func ext4(t *testing.T, mib int64) *filesystem {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	f, err := os.Create(image)
	if err == nil {
		err = f.Truncate(mib << 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if out, err := exec.Command("mkfs.ext4", "-q", "-O", "^has_journal", image).CombinedOutput(); err != nil { //nolint:gosec // the test's own file
		t.Skipf("no ext4 can be made here: %v %s", err, out)
	}
	return newFilesystem(t, "mount -o loop "+image+" POINT")
}

// inside has the world's commands run where the file system is, with the journal on it.
func (fs *filesystem) inside(w *world) {
	w.dir = filepath.Join(fs.point, "journal")
	w.via = []string{"nsenter", "--mount", "--target", fmt.Sprint(fs.holder.Process.Pid), "--"}
}

// do runs a command where the file system is.
func (fs *filesystem) do(args ...string) {
	fs.t.Helper()
	args = append([]string{"--mount", "--target", fmt.Sprint(fs.holder.Process.Pid), "--"}, args...)
	if out, err := exec.Command("nsenter", args...).CombinedOutput(); err != nil { //nolint:gosec // the test's own command
		fs.t.Fatalf("nsenter %v: %v %s", args, err, out)
	}
}

// again unmounts it and mounts it anew.
func (fs *filesystem) again() {
	fs.t.Helper()
	fs.do("umount", fs.point)
	fs.do("sh", "-c", fs.mount)
}

// keepFull takes all the room that there is or gets free, and returns what gives it back.
func (fs *filesystem) keepFull() (empty func()) {
	fs.t.Helper()
	name := filepath.Join(fs.seen, "filler")
	f, err := os.Create(name)
	must(fs.t, err)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		chunk := make([]byte, 4<<10)
		for {
			if _, err := f.Write(chunk); err != nil && !pause(time.Millisecond, stop) || over(stop) {
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(stop)
		<-ended
		_ = f.Close()
		must(fs.t, os.Remove(name))
	})
}

// stalls waits until nothing was acknowledged for a while.
func (w *world) stalls(quiet, within time.Duration) bool {
	last, since := w.acked.Load(), time.Now()
	return eventually(within, func() bool {
		if now := w.acked.Load(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > quiet
	})
}
