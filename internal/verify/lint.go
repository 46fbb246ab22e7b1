package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// linter is the version of golangci-lint that the repository is checked with.
const linter = "v2.15.0"

func (v *verifier) lint(ctx context.Context) {
	bin, err := installLinter(ctx)
	if err != nil {
		if os.Getenv("CI") == "" {
			v.total.skip("lint", err.Error())
			return
		}
		v.check("golangci-lint", nil, err)
		return
	}
	config, err := filepath.Abs(".golangci.yml")
	if err != nil {
		v.check("golangci-lint", nil, err)
		return
	}
	for _, m := range v.modules {
		out, err := output(ctx, m, bin, "run", "--allow-parallel-runners", "--config", config, "./...")
		v.check("golangci-lint in "+m, out, err)
	}
}

// installLinter builds the linter, where that was not done before, and returns its path.
func installLinter(ctx context.Context) (string, error) {
	dir, err := filepath.Abs(filepath.Join(".cache", "bin", "golangci-lint-"+linter))
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "golangci-lint")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	cmd := command(ctx, ".", "go", "install", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@"+linter)
	cmd.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("golangci-lint could not be built: %s: %w", lastLine(out), err)
	}
	return bin, nil
}
