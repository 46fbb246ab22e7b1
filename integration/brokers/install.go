package brokers

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// install runs one of the install scripts and returns the folder it prints.
func install(ctx context.Context, script string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", filepath.Join(moduleRoot(), "scripts", script))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return "", fmt.Errorf("%s: %s: %w", script, lines[len(lines)-1], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// moduleRoot is the folder of the integration module, wherever the tests run.
func moduleRoot() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file))
}
