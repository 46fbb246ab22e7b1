package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// taskVariable holds the task of a process that was started to measure.
const taskVariable = "EVHUB_BENCH_TASK"

// IsChild reports whether this process was started by Run to measure. Its main function calls RunChild then, and
// nothing else.
func IsChild() bool { return os.Getenv(taskVariable) != "" }

// RunChild does what this process was started for and writes the result to standard output.
func RunChild(ctx context.Context, groups []Group) error {
	var t Task
	if err := json.Unmarshal([]byte(os.Getenv(taskVariable)), &t); err != nil {
		return fmt.Errorf("%s: %w", taskVariable, err)
	}
	c, err := find(groups, t)
	if err != nil {
		return err
	}
	r, err := Measure(ctx, c, t)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// inProcess runs a task in a process of its own.
func inProcess(ctx context.Context, t Task) (r Result, err error) {
	task, err := json.Marshal(t)
	if err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	var stdout, stderr bytes.Buffer
	child := exec.CommandContext(ctx, self)
	child.Env = append(os.Environ(), taskVariable+"="+string(task))
	child.Stdout, child.Stderr = &stdout, &stderr
	if err := child.Run(); err != nil {
		return r, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		return r, errors.New("it printed no result")
	}
	return r, nil
}
