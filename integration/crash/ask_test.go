//go:build linux

package crash

import (
	"bytes"
	"context"
	"time"
)

// ask runs a command on the journal that prints something and changes nothing, and returns what it printed.
func (w *world) ask(args ...string) string {
	w.t.Helper()
	out, said, code := w.tell(args...)
	if code != 0 {
		w.t.Fatalf("evhub %v: exit code %d: %s%s", args, code, out, said)
	}
	return out
}

// tell runs a command on the journal to its end.
func (w *world) tell(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := w.command(append(append([]string{evhub(w.t)}, args...), "--journal", w.dir)...)
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	cmd.Stdout, cmd.Stderr = &out, &errs
	code = exitCode(cmd.Run())
	return out.String(), errs.String(), code
}
