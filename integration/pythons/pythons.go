// Package pythons gives tests the real Python programs that evhub stands in for, each set of packages in a virtual
// environment of its own that is made once and kept in the user's cache.
package pythons

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// demand is the variable that, with the value "required", makes a test fail rather than be skipped without its programs.
const demand = "EVHUB_PYTHON"

// patience bounds an installation.
const patience = 5 * time.Minute

// Env is a virtual environment.
type Env struct {
	dir string
}

// Bin returns the path of a program of the environment: python, or one that a package brought along.
func (e Env) Bin(name string) string { return filepath.Join(e.dir, "bin", name) }

// Command is exec.CommandContext for a program of the environment, which finds its siblings in PATH too.
func (e Env) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.Bin(name), args...)
	cmd.Env = append(os.Environ(), "PATH="+e.Bin("")+string(os.PathListSeparator)+os.Getenv("PATH"), "VIRTUAL_ENV="+e.dir)
	return cmd
}

// Need returns an environment with packages, given as pip takes them (name==version). It skips the test if there is no
// Python, or the packages cannot be had; with EVHUB_PYTHON=required it fails it.
func Need(t testing.TB, packages ...string) Env {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e, err := environment(ctx, packages)
	switch {
	case err == nil:
		return e
	case os.Getenv(demand) == "required":
		t.Fatal(err)
	}
	t.Skipf("%v (%s=required makes this fail)", err, demand)
	return Env{}
}

// environment makes the environment unless it is there.
func environment(ctx context.Context, packages []string) (Env, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return Env{}, fmt.Errorf("no python3: %w", err)
	}
	version, err := exec.CommandContext(ctx, python, "-VV").Output()
	if err != nil {
		return Env{}, fmt.Errorf("python3 -VV: %w", err)
	}
	root, err := cache()
	if err != nil {
		return Env{}, err
	}
	sum := sha256.Sum256(fmt.Append(version, packages))
	e := Env{dir: filepath.Join(root, fmt.Sprintf("%x", sum[:8]))}
	unlock, err := lock(ctx, e.dir+".lock")
	if err != nil {
		return Env{}, err
	}
	defer unlock()
	return e, e.make(ctx, python, packages)
}

// make installs packages, unless an earlier call did so to its end.
func (e Env) make(ctx context.Context, python string, packages []string) error {
	done := filepath.Join(e.dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := os.RemoveAll(e.dir); err != nil {
		return err
	}
	if err := runQuietly(ctx, python, "-m", "venv", e.dir); err != nil {
		return err
	}
	if len(packages) > 0 {
		install := append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, packages...)
		if err := runQuietly(ctx, e.Bin("python"), install...); err != nil {
			return err
		}
	}
	return os.WriteFile(done, []byte(strings.Join(packages, "\n")+"\n"), 0o600)
}

// runQuietly runs a program whose output counts only if it fails.
func runQuietly(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, lastLines(out, 5))
	}
	return nil
}

func lastLines(out []byte, n int) []byte {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}

// cache is where environments are: python in $EVHUB_CACHE, else in evhub in the user's cache folder.
func cache() (string, error) {
	home := os.Getenv("EVHUB_CACHE")
	if home == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		home = filepath.Join(user, "evhub")
	}
	root := filepath.Join(home, "python")
	return root, os.MkdirAll(root, 0o755)
}
